with refunds as (
    select * from {{ ref('int_order_refunds_dated') }}
),

orders as (
    select * from {{ ref('int_orders_attributed') }}
),

sales_days as (
    select * from {{ ref('int_sales_days_spanned') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

name_refunds as (
    select
        orders.order_key,
        orders.community_id,
        orders.person_id,
        refunds.exported_at,
        refunds.refund_amount,
        refunds.refund_date
    from refunds
    inner join orders on refunds.shop_system = orders.shop_system and refunds.order_id = orders.order_id
    cross join calendar
    where orders.is_sold and refunds.refund_date <= calendar.as_of_date
),

final as (
    select
        {{ composite_key(['order_key', 'exported_at']) }} as refund_id,
        order_key,
        community_id,
        person_id,
        refund_amount,
        refund_date
    from name_refunds
    union all
    select
        {{ composite_key(["'empty'", 'sales_days.community_id', 'sales_days.date_day']) }} as refund_id,
        null as order_key,
        sales_days.community_id,
        null as person_id,
        cast(0 as decimal(18, 2)) as refund_amount,
        sales_days.date_day as refund_date
    from sales_days
    left join name_refunds
        on sales_days.community_id = name_refunds.community_id
        and sales_days.date_day = name_refunds.refund_date
    where name_refunds.order_key is null
)

select * from final
