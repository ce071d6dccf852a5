{{ config(
    materialized='incremental',
    pre_hook="{{ open_days_of_messages(ahead=days_that_replies_reach()) }}",
    post_hook="{{ close_days_of_messages() }}",
    **by_day('date_day'),
) }}

-- Answers in the flow of talk: what a member or staff says soon after somebody else, a member, spoke.
with messages as (
    select * from {{ ref('int_messages_flagged') }}
    where
        (is_from_customer or sender_role = 'staff')
        {%- if is_incremental() %}
        and {{ is_on_touched_day('sent_date') }}
        {%- endif %}
),

look_back as (
    select
        community_id,
        person_id,
        is_from_customer,
        sent_at,
        sent_date,
        lag(person_id) over (partition by community_id order by sent_at, message_id) as previous_person_id,
        lag(is_from_customer) over (partition by community_id order by sent_at, message_id) as is_after_customer,
        lag(sent_at) over (partition by community_id order by sent_at, message_id) as previous_sent_at
    from messages
),

final as (
    select
        community_id,
        sent_date as date_day,
        count(*) as replies,
        count(case when is_from_customer then 1 end) as peer_replies
    from look_back
    where
        is_after_customer
        and person_id != previous_person_id
        and sent_at <= previous_sent_at + interval '{{ var("reply_window_minutes") }} minutes'
        {%- if is_incremental() %}
        and {{ is_on_rewritten_day('sent_date') }}
        {%- endif %}
    group by community_id, sent_date
)

select * from final
