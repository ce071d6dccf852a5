{%- set flows = [
    'new_memberships', 'leaves', 'voluntary_leaves', 'removed_memberships', 'dissolved_memberships',
    'transferred_memberships',
] -%}

-- Stock is the running sum of what began and ended, the same on all days up to the next change: no row per membership
-- and day is ever made.
with changes as (
    select * from {{ ref('int_membership_changes_counted') }}
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
        sum(net_change) over changes_so_far as closing_memberships,
        lead(change_date) over changes_so_far as next_change_date
    from changes
    window changes_so_far as (partition by community_id, channel_id order by change_date)
),

unfold_days as (
    select
        sum_changes.*,
        {{ day_spine(
            'sum_changes.change_date',
            'least(' ~ dbt.dateadd('day', -1, 'sum_changes.next_change_date') ~ ', find_last_days.last_day)'
        ) }} as date_day
    from sum_changes
    inner join find_last_days on sum_changes.community_id = find_last_days.community_id
),

final as (
    select
        community_id,
        channel_id,
        date_day,
        cast(
            closing_memberships
            - case when date_day = change_date then net_change - net_change_before else 0 end as bigint
        ) as opening_memberships,
        {% for flow in flows -%}
        case when date_day = change_date then {{ flow }} else 0 end as {{ flow }},
        {% endfor -%}
        cast(closing_memberships as bigint) as closing_memberships
    from unfold_days
)

select * from final
