{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_items() }}",
    post_hook="{{ close_items() }}",
    meta={'ledger_items': ['person_id'], 'follows': {'int_memberships_described': 'self'}},
) }}

-- Stays cut where their person's number of open communities changes, so that most people can be counted without
-- being named: who is in one community alone cannot be counted twice.
with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where
        is_counted
        {%- if is_incremental() %}
        and {{ is_touched_item() }}
        {%- endif %}
),

list_changes as (
    select
        person_id,
        joined_date as change_date,
        1 as net_change
    from memberships
    union all
    select
        person_id,
        left_date as change_date,
        -1 as net_change
    from memberships
    where left_date is not null
),

sum_changes as (
    select
        person_id,
        change_date,
        sum(net_change) as net_change
    from list_changes
    group by person_id, change_date
),

range_counts as (
    select
        person_id,
        change_date as from_date,
        lead(change_date) over (partition by person_id order by change_date) as to_date,
        sum(net_change) over (
            partition by person_id
            order by change_date
            rows between unbounded preceding and current row
        ) as open_communities
    from sum_changes
),

final as (
    select
        memberships.membership_id,
        memberships.person_id,
        memberships.community_id,
        memberships.channel_id,
        memberships.role,
        range_counts.from_date,
        range_counts.to_date,
        cast(range_counts.open_communities as integer) as open_communities
    from memberships
    inner join range_counts
        on memberships.person_id = range_counts.person_id
        and memberships.joined_date <= range_counts.from_date
        and (memberships.left_date is null or memberships.left_date > range_counts.from_date)
)

select * from final
