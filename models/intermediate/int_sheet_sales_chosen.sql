-- Group buying by its downloaded sheet. The sheet has neither the number of an order nor of a group, so that nothing
-- ties its rows to those of the interface: where the interface is loaded the sheet counts nothing
-- (sheet_sales_reconciled compares them), where it is not the sheet is what is known of the sales.
with sheet_orders as (
    select * from {{ ref('stg_kuaituantuan__sheet_orders') }}
),

interface as (
    select count(*) > 0 as is_loaded
    from {{ ref('stg_kuaituantuan__orders') }}
),

final as (
    select
        sheet_orders.sheet_order_id as order_id,
        sheet_orders.phone_key,
        sheet_orders.paid_amount,
        sheet_orders.exported_at,
        case when sheet_orders.order_status != '待支付' then sheet_orders.paid_at end as paid_at,
        sheet_orders.order_status = '已取消' as is_cancelled,
        case
            when sheet_orders.order_status = '已取消' then sheet_orders.paid_amount
            -- refunded, and no amount given: all of it
            when sheet_orders.order_status = '已退款' and sheet_orders.refunded_amount = 0 then sheet_orders.paid_amount
            else sheet_orders.refunded_amount
        end as refunded_amount
    from sheet_orders
    cross join interface
    where not interface.is_loaded
)

select * from final
