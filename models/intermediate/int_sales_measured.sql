-- What every sales fact counts: sold orders, with units and cost of goods.
with orders as (
    select * from {{ ref('int_orders_attributed') }}
),

costs as (
    select * from {{ ref('int_order_costs_measured') }}
),

final as (
    select
        orders.order_key,
        orders.shop_system,
        orders.community_id,
        orders.person_id,
        orders.attribution_method,
        orders.is_valid,
        costs.units,
        orders.paid_amount,
        orders.list_amount,
        orders.discount_amount,
        orders.refunded_amount,
        costs.cost_amount,
        orders.paid_date,
        orders.paid_at,
        coalesce(costs.is_cost_known, false) as is_cost_known
    from orders
    left join costs on orders.order_key = costs.order_key
    where orders.is_sold
)

select * from final
