{{ config(
    materialized='incremental',
    pre_hook="{{ open_message_hours() }}",
    post_hook="{{ close_message_hours() }}",
    **by_day('date_day'),
) }}

with messages as (
    select * from {{ ref('int_messages_flagged') }}
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('sent_date') }}
    {%- endif %}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('date_day') }}
    {%- endif %}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

count_messages as (
    select
        messages.community_id,
        messages.sender_role,
        messages.sent_date as date_day,
        messages.sent_hour,
        coalesce(memberships.channel_id, 'unattributed') as channel_id,
        count(*) as messages,
        count(case when messages.is_from_customer then 1 end) as customer_messages,
        count(case when messages.is_effective then 1 end) as effective_messages,
        count(case when messages.is_effective and messages.polarity = -1 then 1 end) as negative_messages,
        count(messages.polarity) as judged_messages,
        count(case when messages.is_effective and messages.is_readable then 1 end) as readable_messages
    from messages
    left join memberships
        on messages.community_id = memberships.community_id
        and messages.person_id = memberships.person_id
        and messages.sent_at >= memberships.joined_at
        and (memberships.left_at is null or messages.sent_at < memberships.left_at)
    group by
        messages.community_id,
        coalesce(memberships.channel_id, 'unattributed'),
        messages.sender_role,
        messages.sent_hour,
        messages.sent_date
),

fill_empty_days as (
    select
        community_days.community_id,
        null as sender_role,
        community_days.date_day,
        cast(null as integer) as sent_hour,
        'unattributed' as channel_id,
        0 as messages,
        0 as customer_messages,
        0 as effective_messages,
        0 as negative_messages,
        0 as judged_messages,
        0 as readable_messages
    from community_days
    inner join exports on community_days.date_day >= exports.first_day and community_days.date_day <= exports.last_day
    left join count_messages
        on community_days.community_id = count_messages.community_id
        and community_days.date_day = count_messages.date_day
    where count_messages.community_id is null
),

final as (
    select count_messages.*
    from count_messages
    -- the day on which the archive was exported is in it, but not complete; if days of messages were compared with it,
    -- the planner would expect few messages and hold them all
    inner join exports on count_messages.date_day >= exports.first_day and count_messages.date_day <= exports.last_day
    union all
    select * from fill_empty_days
)

select * from final
