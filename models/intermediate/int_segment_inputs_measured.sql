-- What the segment rules look at, per person at each month end and at the last day of which orders are known.
with persons as (
    select * from {{ ref('int_persons_classified') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
    where is_valid
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

referrals as (
    select * from {{ ref('int_referrals_credited') }}
),

dates as (
    select * from {{ ref('int_dates_spanned') }}
),

choices as (
    select * from {{ ref('int_profiling_choices_bounded') }}
),

-- after it nobody is known not to have bought
sales_bounds as (
    select max(date_day) as last_date
    from {{ ref('int_sales_days_spanned') }}
),

list_snapshots as (
    select dates.date_day as snapshot_date
    from dates
    cross join sales_bounds
    where
        (
            dates.date_day = cast({{ dbt.last_day('dates.date_day', 'month') }} as date)
            or dates.date_day = sales_bounds.last_date
        )
        and dates.date_day <= sales_bounds.last_date
        -- before the first order that is known nobody can be judged: no rows, rather than everybody low_demand
        and dates.date_day >= (select min(orders.paid_date) from orders)
),

gather_dates as (
    select
        person_id,
        joined_date as seen_date
    from memberships
    union all
    select
        person_id,
        paid_date as seen_date
    from orders
),

find_first_seen as (
    select
        person_id,
        min(seen_date) as first_seen_date
    from gather_dates
    group by person_id
),

list_subjects as (
    select
        list_snapshots.snapshot_date,
        persons.person_id,
        {{ dbt.datediff(
            'find_first_seen.first_seen_date', 'list_snapshots.snapshot_date', 'day'
        ) }} as tenure_days
    from list_snapshots
    inner join find_first_seen on list_snapshots.snapshot_date >= find_first_seen.first_seen_date
    inner join persons on find_first_seen.person_id = persons.person_id
    where persons.is_counted
),

date_purchases as (
    select
        list_snapshots.snapshot_date,
        orders.person_id,
        orders.paid_date,
        orders.paid_amount - orders.refunded_amount as net_amount,
        {{ dbt.datediff(
            'orders.paid_date', 'list_snapshots.snapshot_date', 'day'
        ) }} as days_ago
    from list_snapshots
    inner join orders on list_snapshots.snapshot_date >= orders.paid_date
),

mark_window as (
    select
        *,
        days_ago < {{ var('segment_window_days') }} as is_in_window
    from date_purchases
),

measure_purchases as (
    select
        snapshot_date,
        person_id,
        count(distinct paid_date) as purchase_days,
        count(distinct case when is_in_window then paid_date end) as window_purchase_days,
        count(distinct case when is_in_window then floor(days_ago / 30) end) as window_months,
        sum(case when is_in_window then net_amount end) as window_net_sales,
        count(case when is_in_window then 1 end) as window_orders
    from mark_window
    group by snapshot_date, person_id
),

measure_referrals as (
    select
        list_snapshots.snapshot_date,
        referrals.inviter_person_id as person_id,
        count(*) as successful_referrals
    from list_snapshots
    inner join referrals on list_snapshots.snapshot_date >= cast(referrals.succeeded_at as date)
    group by list_snapshots.snapshot_date, referrals.inviter_person_id
),

final as (
    select
        list_subjects.snapshot_date,
        list_subjects.person_id,
        list_subjects.tenure_days,
        coalesce(measure_purchases.purchase_days, 0) as purchase_days,
        coalesce(measure_purchases.window_purchase_days, 0) as window_purchase_days,
        coalesce(measure_purchases.window_months, 0) as window_months,
        coalesce(measure_purchases.window_net_sales, 0) as window_net_sales,
        coalesce(measure_purchases.window_orders, 0) as window_orders,
        coalesce(measure_referrals.successful_referrals, 0) as successful_referrals,
        coalesce(choices.has_opted_out, false) as has_opted_out
    from list_subjects
    left join choices
        on list_subjects.person_id = choices.person_id
        and list_subjects.snapshot_date >= choices.valid_from
        and (choices.valid_to is null or list_subjects.snapshot_date < choices.valid_to)
    left join measure_purchases
        on list_subjects.snapshot_date = measure_purchases.snapshot_date
        and list_subjects.person_id = measure_purchases.person_id
    left join measure_referrals
        on list_subjects.snapshot_date = measure_referrals.snapshot_date
        and list_subjects.person_id = measure_referrals.person_id
)

select * from final
