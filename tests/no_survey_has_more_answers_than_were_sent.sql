-- Warns: names each survey with more answers than the ledger says were sent: its response rate is above 100%. Correct
-- the number in the ledger; a survey that was passed on as an open link has no response rate.
{{ config(severity='warn') }}

select
    survey_id,
    surveys_sent,
    responses
from {{ ref('fct_surveys') }}
where responses > surveys_sent
