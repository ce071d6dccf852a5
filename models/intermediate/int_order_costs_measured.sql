{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_order_costs() }}",
    post_hook="{{ close_order_costs() }}",
    meta={
        'ledger_items': ['order_key'],
        'follows': {'int_orders_resolved': 'self', 'int_order_lines_unioned': 'self'},
    },
) }}

-- What the goods of an order cost: its units that stayed with the buyer, gifts too, at the cost of their product.
-- One product without a known cost makes the cost of the whole order unknown.
with orders as (
    select * from {{ ref('int_orders_resolved') }}
    {%- if is_incremental() %}
    where {{ is_touched_item('order_key') }}
    {%- endif %}
),

lines as (
    select * from {{ ref('int_order_lines_unioned') }}
),

products as (
    select * from {{ ref('stg_manual__products') }}
),

price_lines as (
    select
        orders.order_key,
        lines.order_id as line_order_id,
        products.unit_cost_amount,
        case when lines.is_gift then 0 else lines.quantity end as units,
        case
            when orders.is_wholly_returned then 0
            else lines.quantity - lines.refunded_quantity
        end * products.unit_cost_amount as cost_amount
    from orders
    left join lines on orders.shop_system = lines.shop_system and orders.order_id = lines.order_id
    left join products on lines.product_id = products.product_id
),

sum_lines as (
    select
        order_key,
        sum(case when line_order_id is not null then units end) as units,
        sum(cost_amount) as cost_amount,
        count(line_order_id) > 0 and count(line_order_id) = count(unit_cost_amount) as is_cost_known
    from price_lines
    group by order_key
),

final as (
    select
        order_key,
        cast(units as integer) as units,
        is_cost_known,
        cast(case when is_cost_known then cost_amount end as decimal(18, 2)) as cost_amount
    from sum_lines
)

select * from final
