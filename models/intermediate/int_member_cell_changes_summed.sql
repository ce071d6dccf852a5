-- Arrivals and departures of members of one community alone, by day; the first day of a cell is always there, with all
-- that was before it. A cell whose people are all in several communities has its days too, so that a filter finds the
-- last one.
with stays as (
    select * from {{ ref('int_member_stays_ranged') }}
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
        stays.community_id,
        stays.channel_id,
        stays.role,
        greatest(stays.from_date, find_first_days.first_day) as change_date,
        1 as net_change
    from stays
    inner join find_first_days on stays.community_id = find_first_days.community_id
    where stays.open_communities = 1
    union all
    select
        stays.community_id,
        stays.channel_id,
        stays.role,
        greatest(stays.to_date, find_first_days.first_day) as change_date,
        -1 as net_change
    from stays
    inner join find_first_days on stays.community_id = find_first_days.community_id
    where stays.open_communities = 1 and stays.to_date is not null
    union all
    select distinct
        stays.community_id,
        stays.channel_id,
        stays.role,
        find_first_days.first_day as change_date,
        0 as net_change
    from stays
    inner join find_first_days on stays.community_id = find_first_days.community_id
    union all
    select
        community_id,
        'unattributed' as channel_id,
        'customer' as role,
        first_day as change_date,
        0 as net_change
    from find_first_days
),

final as (
    select
        community_id,
        channel_id,
        role,
        change_date,
        cast(sum(net_change) as integer) as net_change
    from list_changes
    group by community_id, channel_id, role, change_date
)

select * from final
