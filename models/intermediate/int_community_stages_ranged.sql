-- The lifecycle stage of a community at the end of each day, collapsed to periods [valid_from, valid_to).
with flows as (
    select * from {{ ref('int_membership_flows_counted') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

total_channels as (
    select
        community_id,
        date_day,
        sum(opening_memberships) as opening_memberships,
        sum(new_memberships) - sum(leaves) - coalesce(sum(transferred_memberships), 0) as net_growth
    from flows
    group by community_id, date_day
),

measure_growth as (
    select
        community_id,
        date_day,
        sum(net_growth) over growth_window as net_growth,
        first_value(opening_memberships) over growth_window as memberships_before
    from total_channels
    window growth_window as (
        partition by community_id
        order by date_day
        rows between {{ var('lifecycle_growth_window_days') - 1 }} preceding and current row
    )
),

measure_ages as (
    select
        measure_growth.community_id,
        measure_growth.date_day,
        measure_growth.net_growth,
        measure_growth.memberships_before,
        communities.is_short_lived,
        cast(communities.dissolved_at as date) as dissolved_date,
        {{ dbt.datediff(
            'cast(communities.created_at as date)', 'measure_growth.date_day', 'day'
        ) }} as age_days
    from measure_growth
    inner join communities on measure_growth.community_id = communities.community_id
),

judge_days as (
    select
        community_id,
        date_day,
        case
            when date_day >= dissolved_date then 'dissolved'
            when is_short_lived then 'flash'
            when age_days < {{ var('lifecycle_introduction_days') }} then 'introduction'
            when net_growth > 0 and net_growth >= {{ var('lifecycle_growth_rate') }} * memberships_before then 'growth'
            else 'mature'
        end as lifecycle_stage
    from measure_ages
),

mark_changes as (
    select
        *,
        lag(lifecycle_stage) over (partition by community_id order by date_day) as previous_stage
    from judge_days
),

final as (
    select
        community_id,
        lifecycle_stage,
        date_day as valid_from,
        lead(date_day) over (partition by community_id order by date_day) as valid_to
    from mark_changes
    where previous_stage is null or previous_stage != lifecycle_stage
)

select * from final
