-- Members of one community alone, as running sums of arrivals and departures: no row per person and day is ever made.
with changes as (
    select * from {{ ref('int_member_cell_changes_summed') }}
),

find_last_days as (
    select
        community_id,
        max(date_day) as last_day
    from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
    group by community_id
),

sum_changes as (
    select
        *,
        sum(net_change) over changes_so_far as members,
        lead(change_date) over changes_so_far as next_change_date
    from changes
    window changes_so_far as (partition by community_id, channel_id, role order by change_date)
),

final as (
    select
        sum_changes.community_id,
        sum_changes.channel_id,
        sum_changes.role,
        {{ day_spine(
            'sum_changes.change_date',
            'least(' ~ dbt.dateadd('day', -1, 'sum_changes.next_change_date') ~ ', find_last_days.last_day)'
        ) }} as date_day,
        cast(sum_changes.members as integer) as members
    from sum_changes
    inner join find_last_days on sum_changes.community_id = find_last_days.community_id
)

select * from final
