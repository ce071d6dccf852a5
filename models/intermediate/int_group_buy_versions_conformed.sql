-- Kuaituantuan in the shape of all shops. A refund counts once it is paid out: what the seller agreed to, or refused,
-- is not money given back. Of the sheet nobody knows discount, freight and community.
-- A view: int_order_versions_unioned stores it.
{{ config(materialized='view') }}

with sales as (
    select * from {{ ref('int_group_buy_sales_deduplicated') }}
),

activities as (
    select * from {{ ref('stg_kuaituantuan__activities') }}
),

sheet_sales as (
    select * from {{ ref('int_sheet_sales_chosen') }}
),

final as (
    select
        sales.order_id,
        sales.exported_at,
        sales.open_key as buyer_key,
        activities.chat_id as activity_chat_id,
        sales.is_cancelled as is_wholly_returned,
        sales.paid_at as created_at,
        sales.paid_at,
        sales.paid_amount,
        sales.discount_amount,
        cast(sales.updated_at as date) as refund_seen_date,
        sales.mall_activity_type in (0, 1) as is_sale,
        sales.paid_amount - sales.freight_amount + sales.discount_amount as list_amount,
        case
            when sales.is_cancelled then sales.paid_amount
            when sales.after_sales_status = 2 then sales.agreed_refund_amount
            else 0
        end as refunded_amount
    from sales
    left join activities on sales.activity_no = activities.activity_no
    union all
    select
        order_id,
        exported_at,
        phone_key as buyer_key,
        null as activity_chat_id,
        is_cancelled as is_wholly_returned,
        paid_at as created_at,
        paid_at,
        paid_amount,
        null as discount_amount,
        -- the sheet does not say when it was refunded, only that it is by now
        cast(exported_at as date) as refund_seen_date,
        true as is_sale,
        null as list_amount,
        refunded_amount
    from sheet_sales
)

select * from final
