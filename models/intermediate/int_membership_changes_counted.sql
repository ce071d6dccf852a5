-- Memberships that begin and end, by day; the first day of a channel is always there, with all that was before it.
with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

find_first_days as (
    select
        community_id,
        min(date_day) as first_day
    from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
    group by community_id
),

list_changes as (
    select
        community_id,
        channel_id,
        joined_date as change_date,
        1 as net_change,
        'joined' as change_kind
    from memberships
    -- one that ends on a day before the one it begins on was open on no day and is in no flow
    where left_date is null or left_date >= joined_date
    union all
    select
        community_id,
        channel_id,
        left_date as change_date,
        -1 as net_change,
        leave_reason as change_kind
    from memberships
    where left_date >= joined_date
    union all
    select
        memberships.community_id,
        memberships.channel_id,
        find_first_days.first_day as change_date,
        0 as net_change,
        null as change_kind
    from memberships
    inner join find_first_days on memberships.community_id = find_first_days.community_id
    group by memberships.community_id, memberships.channel_id, find_first_days.first_day
    union all
    select
        community_id,
        'unattributed' as channel_id,
        first_day as change_date,
        0 as net_change,
        null as change_kind
    from find_first_days
),

date_changes as (
    select
        list_changes.community_id,
        list_changes.channel_id,
        list_changes.net_change,
        list_changes.change_date < find_first_days.first_day as is_before,
        greatest(list_changes.change_date, find_first_days.first_day) as change_date,
        case when list_changes.change_date >= find_first_days.first_day then list_changes.change_kind end as change_kind
    from list_changes
    inner join find_first_days on list_changes.community_id = find_first_days.community_id
),

final as (
    select
        community_id,
        channel_id,
        change_date,
        cast(sum(case when is_before then net_change else 0 end) as bigint) as net_change_before,
        cast(sum(net_change) as bigint) as net_change,
        count(case when change_kind = 'joined' then 1 end) as new_memberships,
        count(case when change_kind in ('self', 'removed', 'unknown') then 1 end) as leaves,
        count(case when change_kind = 'self' then 1 end) as voluntary_leaves,
        count(case when change_kind = 'removed' then 1 end) as removed_memberships,
        count(case when change_kind = 'dissolved' then 1 end) as dissolved_memberships,
        count(case when change_kind = 'transferred' then 1 end) as transferred_memberships
    from date_changes
    group by community_id, channel_id, change_date
)

select * from final
