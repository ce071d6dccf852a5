with flows as (
    select * from {{ ref('int_membership_flows_counted') }}
),

messages as (
    select * from {{ ref('int_messages_flagged') }}
    where is_effective
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

list_speakers as (
    select
        messages.community_id,
        messages.person_id,
        messages.sent_date,
        coalesce(min(memberships.channel_id), 'unattributed') as channel_id
    from messages
    left join memberships
        on messages.community_id = memberships.community_id
        and messages.person_id = memberships.person_id
        and messages.sent_at >= memberships.joined_at
        and (memberships.left_at is null or messages.sent_at < memberships.left_at)
    group by messages.community_id, messages.person_id, messages.sent_date
),

count_speakers as (
    select
        community_id,
        channel_id,
        sent_date as date_day,
        count(*) as speakers
    from list_speakers
    group by community_id, channel_id, sent_date
),

final as (
    select
        {{ composite_key(['flows.community_id', 'flows.channel_id', 'flows.date_day']) }} as interaction_day_id,
        flows.community_id,
        flows.channel_id,
        cast(coalesce(count_speakers.speakers, 0) as integer) as speakers,
        cast(flows.closing_memberships as integer) as closing_memberships,
        flows.date_day
    from flows
    inner join exports on flows.date_day >= exports.first_day and flows.date_day <= exports.last_day
    left join count_speakers
        on flows.community_id = count_speakers.community_id
        and flows.channel_id = count_speakers.channel_id
        and flows.date_day = count_speakers.date_day
)

select * from final
