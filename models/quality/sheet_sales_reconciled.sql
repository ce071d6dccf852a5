-- Where both are loaded: what the sheet of group buying says was paid beside what the interface says, by day of
-- payment, up to the last day of which both speak. Refunds are left out, for they reach the two at different times.
with sheet_orders as (
    select
        *,
        row_number() over (partition by sheet_order_id order by exported_at desc) as version_from_last
    from {{ ref('stg_kuaituantuan__sheet_orders') }}
),

interface_orders as (
    select
        *,
        row_number() over (partition by order_id order by exported_at desc) as version_from_last
    from {{ ref('int_group_buy_sales_deduplicated') }}
),

gather_orders as (
    select
        paid_amount,
        true as is_in_sheet,
        cast(paid_at as date) as paid_date
    from sheet_orders
    where version_from_last = 1 and order_status != '待支付' and paid_at is not null
    union all
    select
        paid_amount,
        false as is_in_sheet,
        cast(paid_at as date) as paid_date
    from interface_orders
    where version_from_last = 1 and mall_activity_type in (0, 1) and paid_at is not null
),

bound_sheet as (
    select
        cast(min(paid_at) as date) as first_date,
        cast(max(exported_at) as date) as incomplete_date
    from sheet_orders
),

bound_interface as (
    select cast(max(exported_at) as date) as incomplete_date
    from interface_orders
),

bounds as (
    select
        bound_sheet.first_date as first_sheet_date,
        least(bound_sheet.incomplete_date, bound_interface.incomplete_date) as first_incomplete_date
    from bound_sheet
    cross join bound_interface
),

sum_days as (
    select
        gather_orders.paid_date,
        cast(
            sum(case when gather_orders.is_in_sheet then gather_orders.paid_amount else 0 end) as decimal(18, 2)
        ) as sheet_amount,
        cast(
            sum(case when not gather_orders.is_in_sheet then gather_orders.paid_amount else 0 end) as decimal(18, 2)
        ) as interface_amount,
        count(case when gather_orders.is_in_sheet then 1 end) as sheet_orders,
        count(case when not gather_orders.is_in_sheet then 1 end) as interface_orders
    from gather_orders
    inner join bounds
        on gather_orders.paid_date < bounds.first_incomplete_date
        and gather_orders.paid_date >= bounds.first_sheet_date
    where exists (select 1 from interface_orders)
    group by gather_orders.paid_date
),

final as (
    select
        paid_date,
        sheet_orders,
        interface_orders,
        sheet_amount,
        interface_amount,
        sheet_orders = interface_orders and sheet_amount = interface_amount as is_equal
    from sum_days
)

select * from final
