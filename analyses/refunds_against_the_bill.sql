-- 微信小店的收款与退款，和微信支付账单对得上吗？
-- Do the payments and refunds of the WeChat store agree with the bill of WeChat Pay?
--
-- Grain: one row per month of payment and status; the rows of a month add up to all its paid orders.
-- How to read it: matched and rounded (one cent, from splitting a line) need nothing. refund_differs with a
-- difference above 0 is money that the shop calls refunded and the bill has not paid out: a refund that failed, or
-- one agreed and not yet sent; below 0 is money paid out of which the shop does not know, freight mostly.
-- only_in_shop and only_in_bill are exports that do not cover the same orders. not_covered are months whose bill is
-- not loaded. The orders themselves stand in quality.payments_reconciled. What metrics call refunds is the side of
-- the shop.
with payments as (
    select * from {{ ref('payments_reconciled') }}
),

final as (
    select
        cast({{ dbt.date_trunc('month', 'paid_date') }} as date) as paid_month,
        payment_status,
        count(*) as orders,
        count(case when is_acknowledged then 1 end) as acknowledged_orders,
        sum(shop_paid_amount) as shop_paid_amount,
        sum(bill_paid_amount) as bill_paid_amount,
        sum(shop_refunded_amount) as shop_refunded_amount,
        sum(bill_refunded_amount) as bill_refunded_amount,
        sum(refund_difference) as refund_difference
    from payments
    group by cast({{ dbt.date_trunc('month', 'paid_date') }} as date), payment_status
)

select * from final
order by paid_month asc, payment_status asc
