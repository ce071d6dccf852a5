-- Sales, and what a day without one counts. A view: it only puts them side by side.
{{ config(materialized='view') }}

with sales as (
    select * from {{ ref('int_sales_measured') }}
),

quiet_days as (
    select * from {{ ref('int_quiet_sales_days_listed') }}
),

final as (
    select
        order_key as sale_id,
        order_key,
        shop_system,
        attribution_method,
        community_id,
        channel_id,
        person_id,
        is_valid,
        is_cost_known,
        units,
        paid_amount,
        refunded_amount,
        list_amount,
        discount_amount,
        cost_amount,
        paid_at,
        paid_date
    from sales
    union all
    select
        {{ composite_key(["'empty'", 'community_id', 'date_day']) }} as sale_id,
        null as order_key,
        null as shop_system,
        null as attribution_method,
        community_id,
        'unattributed' as channel_id,
        null as person_id,
        null as is_valid,
        null as is_cost_known,
        null as units,
        0 as paid_amount,
        0 as refunded_amount,
        0 as list_amount,
        0 as discount_amount,
        0 as cost_amount,
        null as paid_at,
        date_day as paid_date
    from quiet_days
)

select * from final
