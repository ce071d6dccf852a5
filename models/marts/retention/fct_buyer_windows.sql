-- A view on purpose: the stretch of days on which a purchase is a buyer's last one is stored nowhere and unfolded
-- only for the days that a question asks for.
{{ config(materialized='view') }}

{%- set window_days = 90 %}

with purchase_days as (
    select distinct
        person_id,
        paid_date
    from {{ ref('fct_purchase_days') }}
    where person_id is not null
),

-- up to the day that every shop reaches: who did not buy again in one may have done so in another
covered_days as (
    select distinct sales_days.date_day
    from {{ ref('int_sales_days_spanned') }} as sales_days
    inner join {{ ref('int_sales_bounded') }} as sales_bounds on sales_days.date_day <= sales_bounds.last_day
),

-- the first days after the orders begin, or after a gap in them, cannot look back far enough
list_window_days as (
    select
        date_day,
        lag(date_day, {{ window_days - 1 }}) over (order by date_day) as first_day_of_window
    from covered_days
),

pair_purchases as (
    select
        person_id,
        paid_date,
        lag(paid_date) over (partition by person_id order by paid_date) as previous_date,
        lead(paid_date) over (partition by person_id order by paid_date) as next_date
    from purchase_days
),

open_intervals as (
    select
        person_id,
        paid_date as first_day,
        least(
            cast({{ dbt.dateadd('day', window_days - 1, 'paid_date') }} as date),
            coalesce(cast({{ dbt.dateadd('day', -1, 'next_date') }} as date), date '2100-01-01')
        ) as last_day,
        cast({{ dbt.dateadd('day', window_days - 1, 'previous_date') }} as date) as last_repeat_day
    from pair_purchases
),

final as (
    select
        list_window_days.date_day,
        open_intervals.person_id,
        coalesce(list_window_days.date_day <= open_intervals.last_repeat_day, false) as is_repeat_buyer
    from list_window_days
    left join open_intervals
        on list_window_days.date_day >= open_intervals.first_day
        and list_window_days.date_day <= open_intervals.last_day
    where
        list_window_days.first_day_of_window
        = cast({{ dbt.dateadd('day', 1 - window_days, 'list_window_days.date_day') }} as date)
)

select * from final
