with red_packets as (
    select * from {{ ref('stg_wecom__red_packets') }}
),

-- the file of red packets does not know what was taken back
recalls as (
    select * from {{ ref('int_message_recalls_listed') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

-- the bodies of the archive: no red packet on a day that the archive covers is none, also before the first one
exports as (
    select
        min(first_day) as first_day,
        max(case when export_name = 'wecom__red_packets' then last_day end) as last_day
    from {{ ref('int_exports_covered') }}
    where export_name in ('wecom__messages', 'wecom__red_packets') and is_loaded
),

keep_packets as (
    select
        red_packets.message_id,
        red_packets.chat_id as community_id,
        persons.role as sender_role,
        red_packets.red_packet_kind,
        red_packets.packets,
        red_packets.amount,
        cast(red_packets.sent_at as date) as date_day
    from red_packets
    inner join communities on red_packets.chat_id = communities.community_id
    inner join identities on red_packets.sender_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    cross join calendar
    cross join exports
    where
        cast(red_packets.sent_at as date) >= calendar.history_start_date
        and cast(red_packets.sent_at as date) <= least(calendar.as_of_date, exports.last_day)
        and not exists (
            select 1
            from recalls
            where recalls.message_id = red_packets.message_id
        )
),

gather_rows as (
    select
        message_id as red_packet_id,
        community_id,
        sender_role,
        red_packet_kind,
        packets,
        amount,
        date_day
    from keep_packets
    union all
    select
        {{ composite_key(["'empty'", 'community_days.community_id', 'community_days.date_day']) }} as red_packet_id,
        community_days.community_id,
        null as sender_role,
        null as red_packet_kind,
        0 as packets,
        0 as amount,
        community_days.date_day
    from community_days
    inner join exports on community_days.date_day >= exports.first_day and community_days.date_day <= exports.last_day
    left join keep_packets
        on community_days.community_id = keep_packets.community_id
        and community_days.date_day = keep_packets.date_day
    where keep_packets.message_id is null
),

final as (
    select
        red_packet_id,
        community_id,
        sender_role,
        red_packet_kind,
        cast(packets as integer) as packets,
        cast(amount as decimal(18, 2)) as amount,
        date_day
    from gather_rows
)

select * from final
