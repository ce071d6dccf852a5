{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_order_versions() }}",
    post_hook="{{ close_order_versions() }}",
    meta={'ledger_items': ['shop_system', 'order_id']},
) }}

{#- (shop, model with its orders, promotion code, community of the activity) -#}
{%- set shops = [
    ('youzan', 'int_youzan_versions_conformed', 'promo_code', 'null'),
    ('wechat_store', 'int_store_versions_conformed', 'null', 'null'),
    ('kuaituantuan', 'int_group_buy_versions_conformed', 'null', 'activity_chat_id'),
] -%}

-- All shops in one shape, every export of an order kept: refunds show as the rise between two exports.
with gather_versions as (
    {% for shop, model, promo_code, activity_chat_id in shops %}
    select
        '{{ shop }}' as shop_system,
        order_id,
        exported_at,
        buyer_key,
        cast({{ promo_code }} as {{ dbt.type_string() }}) as promo_code,
        cast({{ activity_chat_id }} as {{ dbt.type_string() }}) as activity_chat_id,
        is_sale,
        is_wholly_returned,
        created_at,
        paid_at,
        paid_amount,
        list_amount,
        discount_amount,
        refunded_amount,
        refund_seen_date
    from {{ ref(model) }}
    {%- if is_incremental() %}
    where {{ is_touched_item("'" ~ shop ~ "|' || order_id") }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        shop_system,
        order_id,
        exported_at,
        buyer_key,
        promo_code,
        activity_chat_id,
        is_sale,
        is_wholly_returned,
        created_at,
        paid_at,
        cast(paid_amount as decimal(18, 2)) as paid_amount,
        cast(list_amount as decimal(18, 2)) as list_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        refunded_amount,
        refund_seen_date
    from gather_versions
)

select * from final
