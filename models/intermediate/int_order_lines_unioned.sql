{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_order_lines() }}",
    post_hook="{{ close_order_lines() }}",
    meta={'ledger_items': ['shop_system', 'order_id']},
) }}

{#- (shop, staging model, units returned, amount of a line) -#}
{%- set shops = [
    ('youzan', 'stg_youzan__order_lines', '0', 'paid_amount'),
    ('wechat_store', 'stg_wechat_store__order_lines', 'refunded_quantity', 'paid_amount'),
    ('kuaituantuan', 'stg_kuaituantuan__order_lines', 'refunded_quantity', 'goods_amount'),
] -%}

-- The lines of every order as its latest export of lines states them; Youzan exports lines more rarely than orders.
with gather_lines as (
    {% for shop, model, refunded_quantity, line_amount in shops %}
    select
        '{{ shop }}' as shop_system,
        order_id,
        product_id,
        is_gift,
        quantity,
        {{ refunded_quantity }} as refunded_quantity,
        {{ line_amount }} as line_amount,
        source_file,
        source_row,
        exported_at
    from {{ ref(model) }}
    {%- if is_incremental() %}
    where {{ is_touched_item("'" ~ shop ~ "|' || order_id") }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

date_lines as (
    select
        *,
        max(exported_at) over (partition by shop_system, order_id) as newest_export_at
    from gather_lines
),

final as (
    select
        shop_system,
        order_id,
        product_id,
        is_gift,
        quantity,
        cast(refunded_quantity as integer) as refunded_quantity,
        line_amount,
        source_file,
        source_row,
        exported_at
    from date_lines
    where exported_at = newest_export_at
)

select * from final
