-- A view: what a sale counts is computed from its amounts when asked.
{{ config(materialized='view') }}

with sales as (
    select * from {{ ref('int_sale_rows_unioned') }}
),

attribution as (
    select * from {{ ref('int_attribution_evidenced') }}
),

-- without a single order line or product cost, units and profit are unknown on days without a sale too
goods_evidence as (
    select
        coalesce(max(case when units is not null then 1 end), 0) = 1 as has_units,
        coalesce(max(case when is_cost_known then 1 end), 0) = 1 as has_costs
    from {{ ref('int_sales_measured') }}
),

measure_sales as (
    select
        *,
        is_valid and units is not null as is_unit_known,
        paid_amount - refunded_amount as net_amount
    from sales
),

final as (
    select
        sales.sale_id,
        sales.order_key,
        sales.shop_system,
        sales.attribution_method,
        sales.community_id,
        sales.channel_id,
        sales.person_id,
        case when sales.is_valid then sales.person_id end as buyer_person_id,
        sales.is_cost_known,
        case when sales.is_valid then 1 else 0 end as valid_orders,
        case when not sales.is_cost_known then 1 else 0 end as uncosted_orders,
        case when sales.is_cost_known then 1 else 0 end as costed_orders,
        case when sales.is_unit_known then 1 else 0 end as unit_known_orders,
        cast(extract(hour from sales.paid_at) as integer) as paid_hour,
        sales.paid_date,
        cast({{ iso_weekday('sales.paid_date') }} as integer) as paid_weekday,
        cast(sales.paid_amount as decimal(18, 2)) as gross_amount,
        cast(sales.refunded_amount as decimal(18, 2)) as refunded_amount,
        cast(sales.net_amount as decimal(18, 2)) as net_amount,
        cast(sales.list_amount as decimal(18, 2)) as list_amount,
        cast(
            case when sales.list_amount is not null then sales.discount_amount end as decimal(18, 2)
        ) as discount_amount,
        cast(
            case when evidence.has_units then case when sales.is_unit_known then sales.net_amount else 0 end end
            as decimal(18, 2)
        ) as unit_priced_amount,
        cast(
            case when evidence.has_costs then case when sales.is_cost_known then sales.net_amount else 0 end end
            as decimal(18, 2)
        ) as costed_amount,
        cast(case when evidence.has_costs then sales.cost_amount end as decimal(18, 2)) as cost_amount,
        cast(
            case
                when evidence.has_costs
                    then case when sales.is_cost_known then sales.net_amount else 0 end - sales.cost_amount
            end as decimal(18, 2)
        ) as profit_amount,
        case when evidence.has_units then case when sales.is_valid then sales.units else 0 end end as valid_units,
        case when attribution.is_known then sales.community_id != 'unattributed' end as is_attributed
    from measure_sales as sales
    cross join attribution
    cross join goods_evidence as evidence
)

select * from final
