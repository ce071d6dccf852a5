{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_items() }}",
    post_hook="{{ close_items() }}",
    meta={
        'ledger_items': ['order_key'],
        'ledger_kinds': {'persons': 'person_id', 'days': 'paid_date'},
        'follows': {
            'int_orders_resolved': 'self', 'int_order_codes_credited': 'self', 'int_order_touches_credited': 'self',
        },
    },
) }}

-- An order belongs to at most one community: by its code or that of its group-buy activity,
-- else by the last click before paying, else to none.
with orders as (
    select * from {{ ref('int_orders_resolved') }}
    {%- if is_incremental() %}
    where {{ is_touched_item('order_key') }}
    {%- endif %}
),

codes as (
    select * from {{ ref('int_order_codes_credited') }}
),

touches as (
    select * from {{ ref('int_order_touches_credited') }}
),

final as (
    select
        orders.order_key,
        orders.shop_system,
        orders.order_id,
        orders.person_id,
        orders.promo_code,
        orders.is_sold,
        orders.is_valid,
        orders.paid_amount,
        orders.list_amount,
        orders.discount_amount,
        orders.refunded_amount,
        orders.paid_date,
        orders.created_at,
        orders.paid_at,
        orders.exported_at,
        coalesce(codes.community_id, touches.community_id, 'unattributed') as community_id,
        case
            when codes.community_id is not null then 'code'
            when touches.community_id is not null then 'last_touch'
            else 'none'
        end as attribution_method
    from orders
    left join codes on orders.order_key = codes.order_key
    left join touches on orders.order_key = touches.order_key
)

select * from final
