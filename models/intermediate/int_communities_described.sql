with group_chats as (
    select * from {{ ref('stg_wecom__group_chats') }}
),

group_events as (
    select * from {{ ref('stg_wecom__group_events') }}
),

group_members as (
    select * from {{ ref('stg_wecom__group_members') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__group_events'
),

registry as (
    select * from {{ ref('stg_manual__communities') }}
),

community_types as (
    select * from {{ ref('community_types') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

latest_chats as (
    select
        *,
        row_number() over (partition by chat_id order by exported_at desc) as pull_number
    from group_chats
),

summarise_events as (
    select
        group_events.chat_id,
        min(group_events.occurred_at) as first_event_at,
        min(case when group_events.change_type = 'create' then group_events.occurred_at end) as created_at,
        min(case when group_events.change_type = 'dismiss' then group_events.occurred_at end) as dissolved_at
    from group_events
    cross join calendar
    where cast(group_events.occurred_at as date) <= calendar.as_of_date
    group by group_events.chat_id
),

summarise_members as (
    select
        chat_id,
        min(joined_at) as first_joined_at,
        min(exported_at) as first_listed_at
    from group_members
    group by chat_id
),

list_communities as (
    select chat_id from latest_chats
    union
    select chat_id from summarise_events
    union
    select chat_id from summarise_members
),

final as (
    select
        list_communities.chat_id as community_id,
        registry.community_family,
        registry.promo_code,
        latest_chats.owner_key,
        summarise_events.dissolved_at,
        coalesce(registry.community_name, latest_chats.chat_name, list_communities.chat_id) as community_name,
        coalesce(registry.community_type, 'unclassified') as community_type,
        coalesce(community_types.is_short_lived, false) as is_short_lived,
        coalesce(
            latest_chats.created_at,
            summarise_events.created_at,
            least(summarise_events.first_event_at, summarise_members.first_joined_at, summarise_members.first_listed_at)
        ) as created_at,
        -- callbacks speak of every group from their first day on, a member list of its own group only
        least(cast(summarise_members.first_listed_at as date), exports.first_day) as observed_from_date
    from list_communities
    left join latest_chats on list_communities.chat_id = latest_chats.chat_id and latest_chats.pull_number = 1
    left join summarise_events on list_communities.chat_id = summarise_events.chat_id
    left join summarise_members on list_communities.chat_id = summarise_members.chat_id
    left join exports on exports.is_loaded
    left join registry on list_communities.chat_id = registry.chat_id
    left join community_types on registry.community_type = community_types.community_type
)

select * from final
