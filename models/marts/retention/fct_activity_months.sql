with active_days as (
    select * from {{ ref('int_person_days_active') }}
),

activity_days as (
    select * from {{ ref('int_activity_days_spanned') }}
),

new_members as (
    select * from {{ ref('int_first_memberships_picked') }}
    where is_new_member
),

bound_days as (
    select min(date_day) as first_day
    from activity_days
),

-- a month can be compared only with a month that is known from its first day
list_months as (
    select distinct
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        cast({{ dbt.dateadd('month', -1, dbt.date_trunc('month', 'date_day')) }} as date) as previous_month_start_date
    from activity_days
    where
        cast({{ dbt.dateadd('month', -1, dbt.date_trunc('month', 'date_day')) }} as date)
        >= (select bound_days.first_day from bound_days)
),

list_active_months as (
    select distinct
        person_id,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date
    from active_days
),

place_active_months as (
    select
        list_months.month_start_date,
        list_active_months.person_id,
        list_active_months.month_start_date = list_months.month_start_date as is_now
    from list_months
    inner join list_active_months
        on list_active_months.month_start_date in (
            list_months.month_start_date, list_months.previous_month_start_date
        )
),

compare_months as (
    select
        month_start_date,
        person_id,
        max(case when is_now then 1 else 0 end) = 1 as is_active,
        max(case when is_now then 0 else 1 end) = 1 as was_active
    from place_active_months
    group by month_start_date, person_id
),

final as (
    select
        {{ composite_key(['compare_months.person_id', 'compare_months.month_start_date']) }} as activity_month_id,
        compare_months.person_id,
        case
            when not compare_months.is_active then 'dormant'
            when compare_months.was_active then 'returning'
            when new_members.person_id is not null then 'new'
            else 'resurrected'
        end as activity_state,
        compare_months.month_start_date
    from compare_months
    left join new_members
        on compare_months.person_id = new_members.person_id
        and compare_months.month_start_date = cast({{ dbt.date_trunc('month', 'new_members.joined_date') }} as date)
    union all
    select
        {{ composite_key(["'empty'", 'month_start_date']) }} as activity_month_id,
        null as person_id,
        null as activity_state,
        month_start_date
    from list_months
)

select * from final
