with sales as (
    select * from {{ ref('int_sales_measured') }}
),

attribution as (
    select * from {{ ref('int_attribution_evidenced') }}
),

-- without a single order line or product cost, units and profit are unknown on days without a sale too
goods_evidence as (
    select
        coalesce(max(case when units is not null then 1 end), 0) = 1 as has_units,
        coalesce(max(case when is_cost_known then 1 end), 0) = 1 as has_costs
    from sales
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

sales_days as (
    select * from {{ ref('int_sales_days_spanned') }}
),

name_channels as (
    select
        sales.order_key,
        memberships.channel_id
    from sales
    inner join memberships
        on sales.community_id = memberships.community_id
        and sales.person_id = memberships.person_id
        and sales.paid_at >= memberships.joined_at
        and (memberships.left_at is null or sales.paid_at < memberships.left_at)
),

gather_rows as (
    select
        sales.order_key as sale_id,
        sales.order_key,
        sales.shop_system,
        sales.attribution_method,
        sales.community_id,
        coalesce(name_channels.channel_id, 'unattributed') as channel_id,
        sales.person_id,
        case when sales.is_valid then sales.person_id end as buyer_person_id,
        sales.is_cost_known,
        case when sales.is_valid then 1 else 0 end as valid_orders,
        case when sales.is_cost_known then 0 else 1 end as uncosted_orders,
        case when sales.is_cost_known then 1 else 0 end as costed_orders,
        case when sales.is_valid and sales.units is not null then 1 else 0 end as unit_known_orders,
        case when sales.is_valid then sales.units else 0 end as valid_units,
        sales.paid_amount as gross_amount,
        sales.refunded_amount,
        sales.list_amount,
        case when sales.list_amount is not null then sales.discount_amount end as discount_amount,
        case
            when sales.is_valid and sales.units is not null then sales.paid_amount - sales.refunded_amount
            else 0
        end as unit_priced_amount,
        case when sales.is_cost_known then sales.paid_amount - sales.refunded_amount else 0 end as costed_amount,
        sales.cost_amount,
        cast(extract(hour from sales.paid_at) as integer) as paid_hour,
        sales.paid_date
    from sales
    left join name_channels on sales.order_key = name_channels.order_key
    union all
    select
        {{ composite_key(["'empty'", 'sales_days.community_id', 'sales_days.date_day']) }} as sale_id,
        null as order_key,
        null as shop_system,
        null as attribution_method,
        sales_days.community_id,
        'unattributed' as channel_id,
        null as person_id,
        null as buyer_person_id,
        null as is_cost_known,
        0 as valid_orders,
        0 as uncosted_orders,
        0 as costed_orders,
        0 as unit_known_orders,
        0 as valid_units,
        0 as gross_amount,
        0 as refunded_amount,
        0 as list_amount,
        0 as discount_amount,
        0 as unit_priced_amount,
        0 as costed_amount,
        0 as cost_amount,
        null as paid_hour,
        sales_days.date_day as paid_date
    from sales_days
    left join sales
        on sales_days.community_id = sales.community_id
        and sales_days.date_day = sales.paid_date
    where sales.order_key is null
),

final as (
    select
        gather_rows.sale_id,
        gather_rows.order_key,
        gather_rows.shop_system,
        gather_rows.attribution_method,
        gather_rows.community_id,
        gather_rows.channel_id,
        gather_rows.person_id,
        gather_rows.buyer_person_id,
        gather_rows.is_cost_known,
        gather_rows.valid_orders,
        gather_rows.uncosted_orders,
        gather_rows.costed_orders,
        gather_rows.unit_known_orders,
        gather_rows.paid_hour,
        gather_rows.paid_date,
        cast({{ iso_weekday('gather_rows.paid_date') }} as integer) as paid_weekday,
        cast(gather_rows.gross_amount as decimal(18, 2)) as gross_amount,
        cast(gather_rows.refunded_amount as decimal(18, 2)) as refunded_amount,
        cast(gather_rows.gross_amount - gather_rows.refunded_amount as decimal(18, 2)) as net_amount,
        cast(gather_rows.list_amount as decimal(18, 2)) as list_amount,
        cast(gather_rows.discount_amount as decimal(18, 2)) as discount_amount,
        cast(
            case when goods_evidence.has_units then gather_rows.unit_priced_amount end as decimal(18, 2)
        ) as unit_priced_amount,
        cast(case when goods_evidence.has_costs then gather_rows.costed_amount end as decimal(18, 2)) as costed_amount,
        cast(case when goods_evidence.has_costs then gather_rows.cost_amount end as decimal(18, 2)) as cost_amount,
        cast(
            case when goods_evidence.has_costs then gather_rows.costed_amount - gather_rows.cost_amount end
            as decimal(18, 2)
        ) as profit_amount,
        case when goods_evidence.has_units then gather_rows.valid_units end as valid_units,
        case when attribution.is_known then gather_rows.community_id != 'unattributed' end as is_attributed
    from gather_rows
    cross join attribution
    cross join goods_evidence
)

select * from final
