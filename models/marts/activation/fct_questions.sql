-- A question is where a member begins to talk: after nobody, after staff, or after a long silence. What members say on
-- from there is one talk, which one answer of staff serves.
with messages as (
    select * from {{ ref('int_messages_flagged') }}
    where is_effective or sender_role = 'staff'
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

look_around as (
    select
        message_id,
        community_id,
        sent_date,
        sent_hour,
        sent_at,
        sender_role = 'staff' as is_from_staff,
        lag(sender_role = 'staff') over (partition by community_id order by sent_at, message_id) as is_after_staff,
        lag(sent_at) over (partition by community_id order by sent_at, message_id) as previous_sent_at,
        min(case when sender_role = 'staff' then sent_at end) over (
            partition by community_id
            order by sent_at, message_id
            rows between 1 following and unbounded following
        ) as next_staff_sent_at
    from messages
),

find_questions as (
    select
        look_around.message_id,
        look_around.community_id,
        look_around.sent_date,
        look_around.sent_hour,
        look_around.sent_at,
        look_around.next_staff_sent_at,
        look_around.sent_at + interval '{{ var("response_window_hours") }} hours' as window_end_at,
        -- answers after the as-of day are not looked at, even where they are loaded
        {{ dbt.dateadd('day', 1, 'least(exports.last_day, calendar.as_of_date)') }} as archive_end_at
    from look_around
    inner join exports on look_around.sent_date >= exports.first_day and look_around.sent_date <= exports.last_day
    cross join calendar
    where
        not look_around.is_from_staff
        and (
            look_around.previous_sent_at is null
            or look_around.is_after_staff
            or look_around.sent_at
            > look_around.previous_sent_at + interval '{{ var("response_window_hours") }} hours'
        )
),

measure_responses as (
    select
        message_id,
        community_id,
        sent_date,
        sent_hour,
        case
            when next_staff_sent_at <= window_end_at
                then {{ dbt.datediff('sent_at', 'next_staff_sent_at', 'millisecond') }}
        end as response_milliseconds,
        -- before that it may still be answered
        window_end_at <= archive_end_at as is_window_over
    from find_questions
),

gather_rows as (
    select
        message_id as question_id,
        community_id,
        sent_hour,
        1 as questions,
        case when response_milliseconds is not null then 1 else 0 end as answered_questions,
        case when response_milliseconds is null and is_window_over then 1 else 0 end as unanswered_questions,
        cast(response_milliseconds as double) / 60000 as response_minutes,
        sent_date as date_day
    from measure_responses
    union all
    select
        {{ composite_key(["'empty'", 'community_days.community_id', 'community_days.date_day']) }} as question_id,
        community_days.community_id,
        null as sent_hour,
        0 as questions,
        0 as answered_questions,
        0 as unanswered_questions,
        null as response_minutes,
        community_days.date_day
    from community_days
    inner join exports on community_days.date_day >= exports.first_day and community_days.date_day <= exports.last_day
    left join measure_responses
        on community_days.community_id = measure_responses.community_id
        and community_days.date_day = measure_responses.sent_date
    where measure_responses.message_id is null
),

final as (
    select
        question_id,
        community_id,
        cast(sent_hour as integer) as sent_hour,
        cast(questions as integer) as questions,
        cast(answered_questions as integer) as answered_questions,
        cast(unanswered_questions as integer) as unanswered_questions,
        cast(response_minutes as double) as response_minutes,
        date_day
    from gather_rows
)

select * from final
