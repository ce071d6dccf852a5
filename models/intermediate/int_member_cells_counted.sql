-- Members of one community alone, as running sums of arrivals and departures: no row per person and day is ever made.
with all_stays as (
    select * from {{ ref('int_member_stays_ranged') }}
),

stays as (
    select * from all_stays
    where open_communities = 1
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
),

find_first_days as (
    select
        community_id,
        min(date_day) as first_day
    from community_days
    group by community_id
),

-- a cell whose people are all in several communities has its days too, so that a filter finds the last one
list_cells as (
    select
        community_id,
        channel_id,
        role
    from all_stays
    union
    select
        community_id,
        'unattributed' as channel_id,
        'customer' as role
    from find_first_days
),

list_changes as (
    select
        community_id,
        channel_id,
        role,
        from_date as change_date,
        1 as net_change
    from stays
    union all
    select
        community_id,
        channel_id,
        role,
        to_date as change_date,
        -1 as net_change
    from stays
    where to_date is not null
),

sum_changes as (
    select
        list_changes.community_id,
        list_changes.channel_id,
        list_changes.role,
        -- what happened before the first day on which the community is counted stands in its first stock
        greatest(list_changes.change_date, find_first_days.first_day) as date_day,
        sum(list_changes.net_change) as net_change
    from list_changes
    inner join find_first_days on list_changes.community_id = find_first_days.community_id
    group by
        list_changes.community_id,
        list_changes.channel_id,
        list_changes.role,
        greatest(list_changes.change_date, find_first_days.first_day)
),

final as (
    select
        community_days.community_id,
        list_cells.channel_id,
        list_cells.role,
        community_days.date_day,
        cast(
            coalesce(
                sum(sum_changes.net_change) over (
                    partition by community_days.community_id, list_cells.channel_id, list_cells.role
                    order by community_days.date_day
                    rows between unbounded preceding and current row
                ),
                0
            ) as integer
        ) as members
    from community_days
    inner join list_cells on community_days.community_id = list_cells.community_id
    left join sum_changes
        on community_days.community_id = sum_changes.community_id
        and list_cells.channel_id = sum_changes.channel_id
        and list_cells.role = sum_changes.role
        and community_days.date_day = sum_changes.date_day
)

select * from final
