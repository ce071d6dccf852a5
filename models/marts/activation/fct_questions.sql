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
        case
            when look_around.next_staff_sent_at
                <= look_around.sent_at + interval '{{ var("response_window_hours") }} hours'
                then cast({{ dbt.datediff('look_around.sent_at', 'look_around.next_staff_sent_at', 'millisecond') }} as double)
                    / 60000
        end as response_minutes,
        -- until then it may still be answered
        look_around.sent_at + interval '{{ var("response_window_hours") }} hours'
        <= {{ dbt.dateadd('day', 1, 'exports.last_day') }} as is_window_over
    from look_around
    inner join exports on look_around.sent_date >= exports.first_day and look_around.sent_date <= exports.last_day
    where
        not look_around.is_from_staff
        and (
            look_around.previous_sent_at is null
            or look_around.is_after_staff
            or look_around.sent_at
            > look_around.previous_sent_at + interval '{{ var("response_window_hours") }} hours'
        )
),

gather_rows as (
    select
        message_id as question_id,
        community_id,
        sent_hour,
        1 as questions,
        case when response_minutes is not null then 1 else 0 end as answered_questions,
        case when response_minutes is null and is_window_over then 1 else 0 end as unanswered_questions,
        response_minutes,
        sent_date as date_day
    from find_questions
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
    left join find_questions
        on community_days.community_id = find_questions.community_id
        and community_days.date_day = find_questions.sent_date
    where find_questions.message_id is null
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
