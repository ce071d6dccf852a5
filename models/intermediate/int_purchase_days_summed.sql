{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_items() }}",
    post_hook="{{ close_items() }}",
    meta={'ledger_items': ['person_id'], 'follows': {'int_orders_resolved': 'persons'}},
) }}

-- Valid orders by buyer and day, so that what looks back over them counts days without a distinct.
with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where
        is_valid
        and person_id is not null -- a buyer of whom the shop knows no key is nobody to judge
        {%- if is_incremental() %}
        and {{ is_touched_item() }}
        {%- endif %}
),

final as (
    select
        person_id,
        paid_date,
        count(*) as orders,
        sum(paid_amount - refunded_amount) as net_amount
    from orders
    group by person_id, paid_date
)

select * from final
