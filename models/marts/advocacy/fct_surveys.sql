with surveys as (
    select * from {{ ref('stg_manual__surveys') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wenjuanxing__answers' and is_loaded
),

count_responses as (
    select
        survey_id,
        count(*) as responses
    from {{ ref('fct_survey_responses') }}
    group by survey_id
),

final as (
    select
        surveys.survey_id,
        surveys.survey_name,
        surveys.surveys_sent,
        surveys.sent_date,
        coalesce(communities.community_id, 'unattributed') as community_id,
        coalesce(count_responses.responses, 0) as responses
    from surveys
    cross join calendar
    -- of a survey sent after the last export of answers nobody knows how many came back
    inner join exports on surveys.sent_date <= exports.last_day
    left join communities on surveys.chat_id = communities.community_id
    left join count_responses on surveys.survey_id = count_responses.survey_id
    where surveys.sent_date <= calendar.as_of_date
)

select * from final
