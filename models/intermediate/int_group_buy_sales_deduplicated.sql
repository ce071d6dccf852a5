-- A resold sale (帮卖) is exported by the supplier and by the reseller. It is one sale: the reseller's side is kept,
-- in every export of it, because the reseller's activity and community won the buyer.
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
        identify_sales.order_id,
        identify_sales.activity_no,
        identify_sales.open_key,
        identify_sales.paid_amount,
        identify_sales.freight_amount,
        identify_sales.discount_amount,
        identify_sales.agreed_refund_amount,
        identify_sales.after_sales_status,
        identify_sales.is_cancelled,
        identify_sales.mall_activity_type,
        identify_sales.paid_at,
        identify_sales.updated_at,
        identify_sales.exported_at
    from identify_sales
    left join list_resold_sales
        on identify_sales.sale_activity_no = list_resold_sales.sale_activity_no
        and identify_sales.sale_participate_no = list_resold_sales.sale_participate_no
    where identify_sales.is_reseller_side or list_resold_sales.sale_activity_no is null
)

select * from final
