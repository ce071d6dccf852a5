{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ open_items() }}",
    post_hook="{{ close_items() }}",
    meta={
        'ledger_items': ['order_key'],
        'follows': {'int_orders_attributed': 'self', 'int_order_costs_measured': 'self'},
    },
) }}

with orders as (
    select * from {{ ref('int_orders_attributed') }}
    {%- if is_incremental() %}
    where {{ is_touched_item('order_key') }}
    {%- endif %}
),

costs as (
    select * from {{ ref('int_order_costs_measured') }}
),

final as (
    select
        orders.order_key,
        orders.shop_system,
        orders.order_id,
        orders.community_id,
        orders.person_id,
        orders.attribution_method,
        orders.is_sold,
        orders.is_valid,
        orders.paid_amount,
        orders.list_amount,
        orders.discount_amount,
        orders.refunded_amount,
        cast(orders.paid_amount - orders.refunded_amount as decimal(18, 2)) as net_amount,
        costs.units,
        costs.cost_amount,
        orders.paid_date,
        orders.created_at,
        orders.paid_at,
        orders.exported_at,
        coalesce(costs.is_cost_known, false) as is_cost_known
    from orders
    left join costs on orders.order_key = costs.order_key
)

select * from final
