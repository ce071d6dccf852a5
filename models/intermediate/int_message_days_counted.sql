{{ config(
    materialized='incremental',
    pre_hook="{{ open_message_days() }}",
    post_hook="{{ close_message_days() }}",
    **by_day('date_day'),
) }}

-- What daily, trailing and monthly figures need of messages: who spoke where on which day. Nothing but this,
-- int_message_hours_counted and what looks at single messages reads messages.
with messages as (
    select * from {{ ref('int_messages_flagged') }}
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('sent_date') }}
    {%- endif %}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

final as (
    select
        messages.community_id,
        messages.person_id,
        messages.sent_date as date_day,
        -- of several on one day the smallest, so that a speaker counts once
        case
            when bool_or(messages.is_effective)
                then coalesce(min(case when messages.is_effective then memberships.channel_id end), 'unattributed')
        end as channel_id,
        count(*) as messages,
        count(case when messages.is_effective then 1 end) as effective_messages,
        max(case when messages.is_effective then messages.sent_at end) as last_spoken_at
    from messages
    left join memberships
        on messages.community_id = memberships.community_id
        and messages.person_id = memberships.person_id
        and messages.sent_at >= memberships.joined_at
        and (memberships.left_at is null or messages.sent_at < memberships.left_at)
    group by messages.community_id, messages.person_id, messages.sent_date
)

select * from final
