{{ config(materialized='view') }}

with questions as (
    select * from {{ ref('int_questions_answered') }}
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

close_windows as (
    select
        questions.*,
        -- before that it may still be answered; what comes after the as-of day is not looked at, even if it is loaded
        questions.window_ends_at
        <= {{ dbt.dateadd('day', 1, 'least(exports.last_day, calendar.as_of_date)') }} as is_window_over
    from questions
    inner join exports on questions.date_day >= exports.first_day and questions.date_day <= exports.last_day
    cross join calendar
),

list_quiet_days as (
    select
        community_days.community_id,
        community_days.date_day
    from community_days
    inner join exports on community_days.date_day >= exports.first_day and community_days.date_day <= exports.last_day
    left join questions
        on community_days.community_id = questions.community_id
        and community_days.date_day = questions.date_day
    where questions.message_id is null
),

gather_rows as (
    select
        message_id as question_id,
        community_id,
        sent_hour,
        1 as questions,
        case when response_milliseconds is not null then 1 else 0 end as answered_questions,
        case when response_milliseconds is null and is_window_over then 1 else 0 end as unanswered_questions,
        {{ as_double('response_milliseconds') }} / 60000 as response_minutes,
        date_day
    from close_windows
    union all
    select
        {{ composite_key(["'empty'", 'community_id', 'date_day']) }} as question_id,
        community_id,
        null as sent_hour,
        0 as questions,
        0 as answered_questions,
        0 as unanswered_questions,
        null as response_minutes,
        date_day
    from list_quiet_days
),

final as (
    select
        question_id,
        community_id,
        cast(sent_hour as integer) as sent_hour,
        cast(questions as integer) as questions,
        cast(answered_questions as integer) as answered_questions,
        cast(unanswered_questions as integer) as unanswered_questions,
        response_minutes,
        date_day
    from gather_rows
)

select * from final
