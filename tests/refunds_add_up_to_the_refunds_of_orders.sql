-- What is reported as refunded on the days of refunds adds up to what is reported as refunded on the days of payment,
-- order by order; a refund after the last complete day stands in no row of the former.
with sales as (
    select
        order_key,
        refunded_amount
    from {{ ref('fct_sales') }}
    where order_key is not null
),

sum_refunds as (
    select
        order_key,
        sum(refund_amount) as refund_amount
    from {{ ref('fct_refunds') }}
    where order_key is not null
    group by order_key
),

sum_late_refunds as (
    select
        {{ composite_key(['refunds.shop_system', 'refunds.order_id']) }} as order_key,
        sum(refunds.refund_amount) as refund_amount
    from {{ ref('int_order_refunds_dated') }} as refunds
    inner join {{ ref('int_calendar_bounded') }} as calendar on refunds.refund_date > calendar.as_of_date
    group by refunds.shop_system, refunds.order_id
)

select
    sales.refunded_amount,
    sum_refunds.refund_amount,
    coalesce(sales.order_key, sum_refunds.order_key) as order_key
from sales
full outer join sum_refunds on sales.order_key = sum_refunds.order_key
left join sum_late_refunds on sales.order_key = sum_late_refunds.order_key
where
    sales.order_key is null
    or sales.refunded_amount
    != coalesce(sum_refunds.refund_amount, 0) + coalesce(sum_late_refunds.refund_amount, 0)
