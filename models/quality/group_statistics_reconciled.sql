-- What the platform says of an owner's groups beside what callbacks and member lists add up to, staff and bots
-- included, because the platform counts them.
with group_statistics as (
    select * from {{ ref('stg_wecom__group_statistics') }}
    -- on the day of the export the day is not over
    where stat_date < cast(exported_at as date)
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

member_changes as (
    select * from {{ ref('int_owner_member_changes_counted') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

list_owner_days as (
    select group_statistics.*
    from group_statistics
    inner join calendar
        on group_statistics.stat_date >= calendar.history_start_date
        and group_statistics.stat_date <= calendar.members_last_date
),

-- callbacks tell of groups that no group list shows: nobody knows whose they are, only who of staff is inside
find_ownerless_days as (
    select
        list_owner_days.stat_date,
        communities.community_id,
        list_owner_days.owner_key,
        memberships.membership_id is not null as is_inside,
        count(memberships.membership_id) over (
            partition by list_owner_days.stat_date, communities.community_id
        ) as owners_inside
    from list_owner_days
    inner join communities
        on communities.owner_key is null
        and list_owner_days.stat_date >= cast(communities.created_at as date)
        and list_owner_days.stat_date <= coalesce(cast(communities.dissolved_at as date), list_owner_days.stat_date)
    left join memberships
        on communities.community_id = memberships.community_id
        and list_owner_days.owner_key = memberships.person_id
        and list_owner_days.stat_date >= memberships.joined_date
        and list_owner_days.stat_date <= coalesce(memberships.left_date, list_owner_days.stat_date)
),

-- where no owner is seen inside the group, it may be anybody's
list_uncomparable_days as (
    select distinct
        owner_key,
        stat_date
    from find_ownerless_days
    where is_inside or owners_inside = 0
),

-- a day of statistics on which nothing changed stands between the changes
place_days as (
    select
        owner_key,
        date_day,
        member_change,
        new_members
    from member_changes
    union all
    select
        owner_key,
        stat_date as date_day,
        0 as member_change,
        0 as new_members
    from list_owner_days
),

sum_days as (
    select
        owner_key,
        date_day,
        cast(sum(member_change) as bigint) as member_change,
        cast(sum(new_members) as bigint) as new_members
    from place_days
    group by owner_key, date_day
),

count_members as (
    select
        owner_key,
        date_day,
        new_members as known_new_members,
        cast(sum(member_change) over (partition by owner_key order by date_day) as bigint) as known_members
    from sum_days
),

compare_counts as (
    select
        list_owner_days.owner_key,
        list_owner_days.stat_date,
        list_owner_days.members_total as platform_members,
        list_owner_days.new_members as platform_new_members,
        count_members.known_members,
        count_members.known_new_members,
        list_uncomparable_days.owner_key is null as is_comparable
    from list_owner_days
    inner join count_members
        on list_owner_days.owner_key = count_members.owner_key
        and list_owner_days.stat_date = count_members.date_day
    left join list_uncomparable_days
        on list_owner_days.owner_key = list_uncomparable_days.owner_key
        and list_owner_days.stat_date = list_uncomparable_days.stat_date
),

final as (
    select
        owner_key,
        stat_date,
        platform_members,
        known_members,
        platform_new_members,
        known_new_members,
        is_comparable,
        known_members - platform_members as member_difference,
        known_new_members - platform_new_members as new_member_difference,
        known_members = platform_members and known_new_members = platform_new_members as is_reconciled
    from compare_counts
)

select * from final
