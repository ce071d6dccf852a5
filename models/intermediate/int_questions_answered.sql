{{ config(
    materialized='incremental',
    pre_hook="{{ open_days_of_messages(ahead=days_that_questions_reach(), back=days_that_questions_reach()) }}",
    post_hook="{{ close_days_of_messages() }}",
    **by_day('date_day'),
) }}

-- A question is where a member begins to talk: after nobody, after staff, or after a long silence. What members say on
-- from there is one talk, which one answer of staff serves.
with messages as (
    select
        *,
        sender_role = 'staff' as is_from_staff
    from {{ ref('int_messages_flagged') }}
    where
        (is_effective or sender_role = 'staff')
        {%- if is_incremental() %}
        and {{ is_on_touched_day('sent_date') }}
        {%- endif %}
),

look_around as (
    select
        *,
        sent_at + interval '{{ var("response_window_hours") }} hours' as window_ends_at,
        lag(is_from_staff) over (partition by community_id order by sent_at, message_id) as is_after_staff,
        lag(sent_at) over (partition by community_id order by sent_at, message_id) as previous_sent_at,
        -- looked at backwards: a frame that ends with the last row is added up anew for each row on Spark
        min(case when is_from_staff then sent_at end) over (
            partition by community_id
            order by sent_at desc, message_id desc
            rows between unbounded preceding and 1 preceding
        ) as next_staff_sent_at
    from messages
),

final as (
    select
        message_id,
        community_id,
        sent_hour,
        case
            when next_staff_sent_at <= window_ends_at
                then cast({{ dbt.datediff('sent_at', 'next_staff_sent_at', 'millisecond') }} as bigint)
        end as response_milliseconds,
        window_ends_at,
        sent_date as date_day
    from look_around
    where
        not is_from_staff
        and (
            previous_sent_at is null
            or is_after_staff
            or sent_at > previous_sent_at + interval '{{ var("response_window_hours") }} hours'
        )
        {%- if is_incremental() %}
        and {{ is_on_rewritten_day('sent_date') }}
        {%- endif %}
)

select * from final
