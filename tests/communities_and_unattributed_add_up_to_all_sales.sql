-- One order belongs to at most one community: the parts add up to the orders themselves, to the cent.
with sum_parts as (
    select
        count(order_key) as orders,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from {{ ref('fct_sales') }}
),

sum_orders as (
    select
        count(*) as orders,
        sum(orders.paid_amount) as gross_amount,
        sum(orders.paid_amount - orders.refunded_amount) as net_amount
    from {{ ref('int_orders_resolved') }} as orders
    -- the day on which a shop was exported is not complete and counts nowhere
    inner join {{ ref('int_exports_covered') }} as exports
        on exports.export_name = {{ dbt.concat(["orders.shop_system", "'__orders'"]) }}
        and orders.paid_date <= exports.last_day
    where orders.is_sold
)

select
    sum_parts.orders as orders_in_parts,
    sum_orders.orders as orders_in_total,
    sum_parts.gross_amount as gross_in_parts,
    sum_orders.gross_amount as gross_in_total
from sum_parts
cross join sum_orders
where
    sum_parts.orders != sum_orders.orders
    or coalesce(sum_parts.gross_amount, 0) != coalesce(sum_orders.gross_amount, 0)
    or coalesce(sum_parts.net_amount, 0) != coalesce(sum_orders.net_amount, 0)
