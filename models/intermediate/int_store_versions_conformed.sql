-- The WeChat store in the shape of all shops. It exports no refunded amount: status 190 and 200 give everything back,
-- returned units their share of their line. A view: int_order_versions_unioned stores it.
{{ config(materialized='view') }}

with orders as (
    select * from {{ ref('stg_wechat_store__orders') }}
),

lines as (
    select * from {{ ref('stg_wechat_store__order_lines') }}
),

sum_refunds as (
    select
        order_id,
        exported_at,
        sum({{ share_of_amount('paid_amount', 'refunded_quantity', 'quantity') }}) as refunded_amount
    from lines
    group by order_id, exported_at
),

final as (
    select
        orders.order_id,
        orders.exported_at,
        true as is_sale,
        orders.created_at,
        orders.paid_amount,
        orders.goods_amount as list_amount,
        cast(orders.updated_at as date) as refund_seen_date,
        coalesce(orders.union_key, orders.open_key) as buyer_key,
        orders.order_status in (190, 200) as is_wholly_returned,
        case when orders.order_status not in (10, 250) then orders.paid_at end as paid_at,
        case when orders.goods_amount is not null then coalesce(orders.discount_amount, 0) end as discount_amount,
        case
            when orders.order_status in (190, 200) then orders.paid_amount
            else coalesce(sum_refunds.refunded_amount, 0)
        end as refunded_amount
    from orders
    left join sum_refunds
        on orders.order_id = sum_refunds.order_id
        and orders.exported_at = sum_refunds.exported_at
)

select * from final
