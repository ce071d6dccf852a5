-- The totals at the end of a bill against its own rows: a row that was cut off or could not be read shows here,
-- and so does a bill without its totals.
with totals as (
    select * from {{ ref('stg_wechat_pay__bill_totals') }}
),

date_rows as (
    select
        *,
        max(exported_at) over (partition by source_file) as newest_export_at
    from {{ ref('base_wechat_pay__trade_bills') }}
),

sum_rows as (
    select
        source_file,
        count(*) as trade_count,
        sum(settled_amount) as settled_amount,
        sum(refund_amount) as refund_amount,
        sum(fee_amount) as fee_amount,
        sum(order_amount) as order_amount,
        sum(requested_refund_amount) as requested_refund_amount
    from date_rows
    where problem_column is null and exported_at = newest_export_at
    group by source_file
),

compare_totals as (
    select
        totals.trade_count,
        coalesce(totals.source_file, sum_rows.source_file) as source_file,
        coalesce(sum_rows.trade_count, 0) as counted_trades,
        totals.trade_count - coalesce(sum_rows.trade_count, 0) as trade_difference,
        totals.settled_amount - coalesce(sum_rows.settled_amount, 0) as settled_difference,
        totals.refund_amount - coalesce(sum_rows.refund_amount, 0) as refund_difference,
        totals.fee_amount - coalesce(sum_rows.fee_amount, 0) as fee_difference,
        totals.order_amount - coalesce(sum_rows.order_amount, 0) as order_difference,
        totals.requested_refund_amount - coalesce(sum_rows.requested_refund_amount, 0) as requested_refund_difference
    from totals
    full outer join sum_rows on totals.source_file = sum_rows.source_file
),

final as (
    select
        source_file,
        trade_count,
        cast(counted_trades as integer) as counted_trades,
        cast(settled_difference as decimal(18, 2)) as settled_difference,
        cast(refund_difference as decimal(18, 2)) as refund_difference,
        cast(fee_difference as decimal(18, 5)) as fee_difference,
        cast(order_difference as decimal(18, 2)) as order_difference,
        cast(requested_refund_difference as decimal(18, 2)) as requested_refund_difference,
        coalesce(
            trade_difference = 0
            and settled_difference = 0
            and refund_difference = 0
            and fee_difference = 0
            and order_difference = 0
            and requested_refund_difference = 0,
            false
        ) as is_equal
    from compare_totals
)

select * from final
