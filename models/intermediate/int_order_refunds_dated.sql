{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_items() }}",
    post_hook="{{ close_items() }}",
    meta={
        'ledger_items': ['shop_system', 'order_id'],
        'follows': {'int_order_versions_unioned': 'self'},
    },
) }}

-- A refund is the rise of an order's refunded amount from one export to the next;
-- a fall is a correction and counts negative.
with versions as (
    select * from {{ ref('int_order_versions_unioned') }}
    where
        paid_at is not null and is_sale and paid_amount > 0
        {%- if is_incremental() %}
        and {{ is_touched_item() }}
        {%- endif %}
),

compare_versions as (
    select
        *,
        refunded_amount - coalesce(
            lag(refunded_amount) over (partition by shop_system, order_id order by exported_at),
            0
        ) as refund_amount
    from versions
),

final as (
    select
        shop_system,
        order_id,
        exported_at,
        cast(refund_amount as decimal(18, 2)) as refund_amount,
        greatest(refund_seen_date, cast(paid_at as date)) as refund_date
    from compare_versions
    where refund_amount != 0
)

select * from final
