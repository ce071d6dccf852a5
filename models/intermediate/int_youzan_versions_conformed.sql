-- Youzan in the shape of all shops. A view: int_order_versions_unioned stores it.
{{ config(materialized='view') }}

with orders as (
    select * from {{ ref('stg_youzan__orders') }}
),

final as (
    select
        order_id,
        exported_at,
        phone_key as buyer_key,
        promo_code,
        order_kind in ('普通订单', '拼团订单') as is_sale,
        -- Youzan does not say which goods came back: all of them, once everything is refunded
        coalesce(refunded_amount >= paid_amount, false) as is_wholly_returned,
        created_at,
        case when coalesce(order_status, '') != '待付款' then paid_at end as paid_at,
        paid_amount,
        goods_amount as list_amount,
        -- a blank discount is none
        case when goods_amount is not null then coalesce(discount_amount, 0) end as discount_amount,
        refunded_amount,
        -- Youzan gives no refund time: the last day before the export that first shows it
        cast({{ dbt.dateadd('day', -1, 'cast(exported_at as date)') }} as date) as refund_seen_date
    from orders
)

select * from final
