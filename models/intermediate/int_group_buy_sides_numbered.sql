-- A resold sale (帮卖) is exported by the supplier and by the reseller: both sides name the activity and the
-- participation of the supplier. Several orders of one participation are told apart by the order of their numbers,
-- which is that of both sides.
with versions as (
    select * from {{ ref('stg_kuaituantuan__orders') }}
),

identify_sales as (
    select
        *,
        coalesce(supply_activity_no, activity_no) as sale_activity_no,
        coalesce(supply_participate_no, participate_no) as sale_participate_no,
        not is_supplier and supply_activity_no is not null as is_reseller_side
    from versions
),

list_resold_sales as (
    select distinct
        sale_activity_no,
        sale_participate_no
    from identify_sales
    where is_reseller_side
),

final as (
    select
        sales.order_id,
        sales.exported_at,
        sales.sale_activity_no,
        sales.sale_participate_no,
        sales.is_reseller_side,
        sales.activity_no,
        sales.open_key,
        sales.paid_amount,
        sales.freight_amount,
        sales.discount_amount,
        sales.agreed_refund_amount,
        sales.after_sales_status,
        sales.is_cancelled,
        sales.mall_activity_type,
        sales.paid_at,
        sales.updated_at,
        dense_rank() over (
            partition by sales.sale_activity_no, sales.sale_participate_no, sales.is_reseller_side
            order by sales.order_id
        ) as order_number,
        list_resold_sales.sale_activity_no is not null as is_resold
    from identify_sales as sales
    left join list_resold_sales
        on sales.sale_activity_no = list_resold_sales.sale_activity_no
        and sales.sale_participate_no = list_resold_sales.sale_participate_no
)

select * from final
