-- The dated rises of an order's refund add up to what its latest export says was refunded.
with sum_refunds as (
    select
        {{ composite_key(['shop_system', 'order_id']) }} as order_key,
        sum(refund_amount) as refund_amount
    from {{ ref('int_order_refunds_dated') }}
    group by shop_system, order_id
)

select
    orders.order_key,
    orders.refunded_amount,
    sum_refunds.refund_amount
from {{ ref('int_orders_resolved') }} as orders
left join sum_refunds on orders.order_key = sum_refunds.order_key
where orders.is_sold and orders.refunded_amount != coalesce(sum_refunds.refund_amount, 0)
