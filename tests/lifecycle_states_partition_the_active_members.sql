-- Who is active is returning, new or resurrected; and the active members of a month are those of the month before, more
-- the new and resurrected, less the dormant.
with count_active as (
    select
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        count(distinct person_id) as active_members
    from {{ ref('fct_activity_days') }}
    group by cast({{ dbt.date_trunc('month', 'date_day') }} as date)
),

count_states as (
    select
        month_start_date,
        count(case when activity_state = 'returning' then 1 end) as returning_members,
        count(case when activity_state in ('new', 'resurrected') then 1 end) as gained_members,
        count(case when activity_state = 'dormant' then 1 end) as dormant_members
    from {{ ref('fct_activity_months') }}
    group by month_start_date
)

select
    count_states.month_start_date,
    count_states.returning_members,
    count_states.gained_members,
    count_states.dormant_members,
    this_month.active_members,
    last_month.active_members as active_members_before
from count_states
left join count_active as this_month on count_states.month_start_date = this_month.month_start_date
left join count_active as last_month
    on last_month.month_start_date = {{ dbt.dateadd('month', -1, 'count_states.month_start_date') }}
where
    coalesce(this_month.active_members, -1) != count_states.returning_members + count_states.gained_members
    or coalesce(this_month.active_members, -1)
    != coalesce(last_month.active_members, -1) + count_states.gained_members - count_states.dormant_members
