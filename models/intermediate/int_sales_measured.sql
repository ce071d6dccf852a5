{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_sales() }}",
    post_hook="{{ close_sales() }}",
    meta={
        'ledger_items': ['order_key'],
        'ledger_kinds': {'persons': 'person_id'},
        'follows': {'int_orders_attributed': 'self', 'int_order_costs_measured': 'self'},
    },
) }}

-- What every sales fact counts: sold orders, with units and cost of goods, and the channel by which the buyer had
-- joined the community that is credited.
with orders as (
    select * from {{ ref('int_orders_attributed') }}
    where
        is_sold
        {%- if is_incremental() %}
        and {{ is_touched_item('order_key') }}
        {%- endif %}
),

costs as (
    select * from {{ ref('int_order_costs_measured') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
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
        coalesce(costs.is_cost_known, false) as is_cost_known,
        coalesce(memberships.channel_id, 'unattributed') as channel_id
    from orders
    left join costs on orders.order_key = costs.order_key
    left join memberships
        on orders.community_id = memberships.community_id
        and orders.person_id = memberships.person_id
        and orders.paid_at >= memberships.joined_at
        and (memberships.left_at is null or orders.paid_at < memberships.left_at)
)

select * from final
