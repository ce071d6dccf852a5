-- Spreading loses no cent; items that reach beyond the loaded days are left out, since only a part of them is spread.
with calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

sum_days as (
    select
        cost_item_id,
        sum(cost_amount) as cost_amount
    from {{ ref('int_costs_spread') }}
    group by cost_item_id
)

select
    cost_items.cost_id,
    cost_items.cost_amount,
    sum_days.cost_amount as spread_amount
from {{ ref('stg_manual__costs') }} as cost_items
cross join calendar
left join sum_days on {{ composite_key(["'manual'", 'cost_items.cost_id']) }} = sum_days.cost_item_id
where
    cost_items.first_date >= calendar.first_date
    and cost_items.last_date <= calendar.as_of_date
    and cost_items.cost_amount != coalesce(sum_days.cost_amount, 0)
