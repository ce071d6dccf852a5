-- Both shops in one shape, every export of an order kept: refunds show as the rise between two exports.
with youzan_orders as (
    select * from {{ ref('stg_youzan__orders') }}
),

store_orders as (
    select * from {{ ref('stg_wechat_store__orders') }}
),

store_lines as (
    select * from {{ ref('stg_wechat_store__order_lines') }}
),

sum_store_lines as (
    select
        order_id,
        exported_at,
        sum(case when is_gift then 0 else quantity end) as units,
        sum({{ share_of_amount('paid_amount', 'refunded_quantity', 'quantity') }}) as refunded_amount
    from store_lines
    group by order_id, exported_at
),

final as (
    select
        'youzan' as shop_system,
        order_id,
        exported_at,
        phone_key as buyer_key,
        promo_code,
        order_kind in ('普通订单', '拼团订单') as is_sale,
        created_at,
        case when coalesce(order_status, '') != '待付款' then paid_at end as paid_at,
        paid_amount,
        refunded_amount,
        cast(null as integer) as units,
        -- Youzan gives no refund time: the last day before the export that first shows it
        cast({{ dbt.dateadd('day', -1, 'cast(exported_at as date)') }} as date) as refund_seen_date
    from youzan_orders
    union all
    select
        'wechat_store' as shop_system,
        store_orders.order_id,
        store_orders.exported_at,
        coalesce(store_orders.union_key, store_orders.open_key) as buyer_key,
        null as promo_code,
        true as is_sale,
        store_orders.created_at,
        case when store_orders.order_status not in (10, 250) then store_orders.paid_at end as paid_at,
        store_orders.paid_amount,
        case
            when store_orders.order_status in (190, 200) then store_orders.paid_amount
            else coalesce(sum_store_lines.refunded_amount, 0)
        end as refunded_amount,
        cast(sum_store_lines.units as integer) as units,
        cast(store_orders.updated_at as date) as refund_seen_date
    from store_orders
    left join sum_store_lines
        on store_orders.order_id = sum_store_lines.order_id
        and store_orders.exported_at = sum_store_lines.exported_at
)

select * from final
