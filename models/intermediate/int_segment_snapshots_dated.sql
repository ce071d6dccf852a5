-- Persons are judged as of the end of each month and as of the last day of which orders are known.
with dates as (
    select * from {{ ref('int_dates_spanned') }}
),

-- after it nobody is known not to have bought
sales_bounds as (
    select max(date_day) as last_date
    from {{ ref('int_sales_days_spanned') }}
),

-- before it nobody can be judged: no rows, rather than everybody low_demand
order_bounds as (
    select min(paid_date) as first_date
    from {{ ref('int_orders_resolved') }}
    where is_valid
),

final as (
    select dates.date_day as snapshot_date
    from dates
    cross join sales_bounds
    cross join order_bounds
    where
        dates.date_day >= order_bounds.first_date
        and dates.date_day <= sales_bounds.last_date
        and (
            dates.date_day = cast({{ dbt.last_day('dates.date_day', 'month') }} as date)
            or dates.date_day = sales_bounds.last_date
        )
)

select * from final
