with answers as (
    select answer_rows.*
    from {{ ref('stg_wenjuanxing__answers') }} as answer_rows
    inner join {{ ref('int_exports_covered') }} as exports on exports.export_name = 'wenjuanxing__answers'
    cross join {{ ref('int_calendar_bounded') }} as calendar
    where cast(answer_rows.submitted_at as date) <= least(calendar.as_of_date, exports.last_day)
),

surveys as (
    select * from {{ ref('stg_manual__surveys') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
),

gather_sheets as (
    select
        survey_id,
        sheet_number,
        min(customer_key) as customer_key,
        max(submitted_at) as submitted_at,
        max(duration_seconds) as duration_seconds
    from answers
    group by survey_id, sheet_number
),

rank_sheets as (
    select
        gather_sheets.*,
        persons.person_id,
        row_number() over (
            -- who did not say who he is cannot be seen to answer twice
            partition by
                gather_sheets.survey_id,
                persons.person_id,
                case when persons.person_id is null then gather_sheets.sheet_number end
            order by gather_sheets.submitted_at desc, gather_sheets.sheet_number desc
        ) as sheet_rank
    from gather_sheets
    left join identities on gather_sheets.customer_key = identities.identity_key
    left join persons on identities.person_id = persons.person_id
    where gather_sheets.customer_key is null or persons.is_counted
),

read_scores as (
    select
        rank_sheets.*,
        coalesce(communities.community_id, 'unattributed') as community_id,
        {{ parse_number('csat_answers.answer', 'integer') }} as csat_answer,
        {{ parse_number('nps_answers.answer', 'integer') }} as nps_answer
    from rank_sheets
    left join surveys on rank_sheets.survey_id = surveys.survey_id
    left join communities on surveys.chat_id = communities.community_id
    left join answers as csat_answers
        on rank_sheets.survey_id = csat_answers.survey_id
        and rank_sheets.sheet_number = csat_answers.sheet_number
        and surveys.csat_question_id = csat_answers.question_id
    left join answers as nps_answers
        on rank_sheets.survey_id = nps_answers.survey_id
        and rank_sheets.sheet_number = nps_answers.sheet_number
        and surveys.nps_question_id = nps_answers.question_id
    where rank_sheets.sheet_rank = 1
),

final as (
    select
        {{ composite_key(['survey_id', 'sheet_number']) }} as survey_response_id,
        survey_id,
        person_id,
        community_id,
        1 as responses,
        case when csat_answer between 1 and 5 then csat_answer end as csat_score,
        case when nps_answer between 0 and 10 then nps_answer end as nps_score,
        duration_seconds,
        submitted_at,
        cast(submitted_at as date) as submitted_date
    from read_scores
)

select * from final
