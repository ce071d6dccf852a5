-- The denominator of the leave rate: spells open on any day of a month = open when it began + begun in it.
with name_months as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date
    from {{ ref('fct_membership_flows') }}
),

find_first_days as (
    select
        *,
        min(date_day) over (partition by community_id, month_start_date) as first_day
    from name_months
),

count_flows as (
    select
        community_id,
        month_start_date,
        sum(new_memberships) as new_memberships,
        sum(case when date_day = first_day then opening_memberships else 0 end) as opening_memberships
    from find_first_days
    group by community_id, month_start_date
),

count_days as (
    select
        community_id,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        count(distinct membership_id) as memberships_at_risk
    from {{ ref('fct_membership_days') }}
    group by community_id, cast({{ dbt.date_trunc('month', 'date_day') }} as date)
)

select
    count_days.community_id,
    count_days.month_start_date,
    count_days.memberships_at_risk,
    count_flows.opening_memberships,
    count_flows.new_memberships
from count_days
full outer join count_flows
    on count_days.community_id = count_flows.community_id
    and count_days.month_start_date = count_flows.month_start_date
where
    coalesce(count_days.memberships_at_risk, -1)
    != coalesce(count_flows.opening_memberships + count_flows.new_memberships, -1)
