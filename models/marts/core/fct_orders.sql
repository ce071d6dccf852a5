with orders as (
    select * from {{ ref('int_orders_attributed') }}
),

final as (
    select
        order_key,
        shop_system,
        order_id,
        community_id,
        person_id,
        attribution_method,
        is_sold,
        is_valid,
        paid_amount,
        refunded_amount,
        cast(paid_amount - refunded_amount as decimal(18, 2)) as net_amount,
        units,
        paid_date,
        created_at,
        paid_at,
        exported_at
    from orders
)

select * from final
