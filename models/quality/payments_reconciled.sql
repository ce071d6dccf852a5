{%- set acknowledged_columns = ['export_name', 'problem_column', 'problem_value'] -%}

-- What the shop says was paid and refunded, against the bill of the money that moved, up to the last day of the bills.
with orders as (
    select *
    from {{ ref('int_orders_resolved') }}
    where shop_system = 'wechat_store' and paid_at is not null and paid_amount > 0
),

refunds as (
    select * from {{ ref('int_order_refunds_dated') }}
    where shop_system = 'wechat_store'
),

bills as (
    select * from {{ ref('stg_wechat_pay__trade_bills') }}
),

shop_days as (
    select last_day
    from {{ ref('int_exports_covered') }}
    where export_name = 'wechat_store__orders'
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

-- what the bills show after the last day of the shop, or after the as-of day, has no other side
bill_days as (
    select
        bills_covered.first_day,
        least(
            bills_covered.last_day,
            calendar.as_of_date,
            coalesce(shop_days.last_day, calendar.as_of_date)
        ) as last_day
    from {{ ref('int_exports_covered') }} as bills_covered
    cross join calendar
    left join shop_days on 1 = 1
    where bills_covered.export_name = 'wechat_pay__trade_bills'
),

acknowledged as (
    select {{ clean_text(raw('problem_value')) }} as order_id
    from {{ export('acknowledged_quarantine', acknowledged_columns) }} as acknowledged_rows
    where
        {{ raw('export_name') }} = 'wechat_pay__trade_bills'
        and {{ raw('problem_column') }} = '商户订单号'
),

sum_refunds as (
    select
        refunds.order_id,
        sum(refunds.refund_amount) as refunded_amount
    from refunds
    inner join bill_days on refunds.refund_date <= bill_days.last_day
    group by refunds.order_id
),

sum_bills as (
    select
        bills.order_id,
        cast(min(bills.traded_at) as date) as paid_date,
        -- a bill that shows a refund alone does not show what was paid
        sum(case when bills.trade_state = 'SUCCESS' then bills.order_amount end) as paid_amount,
        sum(
            case
                when bills.trade_state != 'SUCCESS' and coalesce(bills.refund_state, '') != 'FAIL'
                    then bills.requested_refund_amount
                else 0
            end
        ) as refunded_amount
    from bills
    inner join bill_days on cast(bills.traded_at as date) <= bill_days.last_day
    group by bills.order_id
),

join_sides as (
    select
        orders.paid_amount as shop_paid_amount,
        sum_bills.paid_amount as bill_paid_amount,
        sum_bills.refunded_amount as bill_refunded_amount,
        coalesce(orders.order_id, sum_bills.order_id) as order_id,
        coalesce(orders.paid_date, sum_bills.paid_date) as paid_date,
        case when orders.order_id is not null then coalesce(sum_refunds.refunded_amount, 0) end as shop_refunded_amount
    from orders
    full outer join sum_bills on orders.order_id = sum_bills.order_id
    left join sum_refunds on orders.order_id = sum_refunds.order_id
),

final as (
    select
        join_sides.order_id,
        join_sides.paid_date,
        cast(join_sides.shop_paid_amount as decimal(18, 2)) as shop_paid_amount,
        cast(join_sides.bill_paid_amount as decimal(18, 2)) as bill_paid_amount,
        cast(join_sides.shop_paid_amount - join_sides.bill_paid_amount as decimal(18, 2)) as paid_difference,
        cast(join_sides.shop_refunded_amount as decimal(18, 2)) as shop_refunded_amount,
        cast(join_sides.bill_refunded_amount as decimal(18, 2)) as bill_refunded_amount,
        cast(
            join_sides.shop_refunded_amount - join_sides.bill_refunded_amount as decimal(18, 2)
        ) as refund_difference,
        case
            when join_sides.shop_paid_amount is null then 'only_in_bill'
            when
                join_sides.bill_paid_amount is null
                and not coalesce(
                    join_sides.paid_date >= bill_days.first_day and join_sides.paid_date <= bill_days.last_day, false
                )
                then 'not_covered'
            when join_sides.bill_paid_amount is null then 'only_in_shop'
            when join_sides.shop_paid_amount != join_sides.bill_paid_amount then 'paid_differs'
            when join_sides.shop_refunded_amount = join_sides.bill_refunded_amount then 'matched'
            when abs(join_sides.shop_refunded_amount - join_sides.bill_refunded_amount) <= 0.01 then 'rounded'
            else 'refund_differs'
        end as payment_status,
        exists(
            select 1
            from acknowledged
            where acknowledged.order_id = join_sides.order_id
        ) as is_acknowledged
    from join_sides
    cross join bill_days
)

select * from final
