with exports as (
    select * from {{ ref('int_exports_covered') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

-- the day on which a shop was exported is in the export, but not complete
orders as (
    select orders.*
    from {{ ref('int_orders_attributed') }} as orders
    inner join exports
        on exports.export_name = {{ dbt.concat(["orders.shop_system", "'__orders'"]) }}
        and orders.paid_date <= exports.last_day
    where orders.is_sold
),

-- without clicks and promotion codes nobody can say which community an order came from
attribution_evidence as (
    select coalesce(max(evidence.is_loaded), 0) = 1 as is_loaded
    from (
        select 1 as is_loaded
        from exports
        where exports.export_name = 'scrm__link_clicks' and exports.is_loaded
        union all
        select 1 as is_loaded
        from communities
        where communities.promo_code is not null
    ) as evidence
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

sales_days as (
    select * from {{ ref('int_sales_days_spanned') }}
),

name_channels as (
    select
        orders.order_key,
        memberships.channel_id
    from orders
    inner join memberships
        on orders.community_id = memberships.community_id
        and orders.person_id = memberships.person_id
        and orders.paid_at >= memberships.joined_at
        and (memberships.left_at is null or orders.paid_at < memberships.left_at)
),

gather_rows as (
    select
        orders.order_key as sale_id,
        orders.order_key,
        orders.shop_system,
        orders.attribution_method,
        orders.community_id,
        coalesce(name_channels.channel_id, 'unattributed') as channel_id,
        orders.person_id,
        case when orders.is_valid then orders.person_id end as buyer_person_id,
        case when orders.is_valid then 1 else 0 end as valid_orders,
        case when orders.is_valid then orders.units else 0 end as valid_units,
        orders.paid_amount as gross_amount,
        orders.refunded_amount,
        orders.paid_date
    from orders
    left join name_channels on orders.order_key = name_channels.order_key
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
        0 as valid_orders,
        0 as valid_units,
        0 as gross_amount,
        0 as refunded_amount,
        sales_days.date_day as paid_date
    from sales_days
    left join orders
        on sales_days.community_id = orders.community_id
        and sales_days.date_day = orders.paid_date
    where orders.order_key is null
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
        gather_rows.valid_orders,
        gather_rows.valid_units,
        gather_rows.paid_date,
        cast(gather_rows.gross_amount as decimal(18, 2)) as gross_amount,
        cast(gather_rows.refunded_amount as decimal(18, 2)) as refunded_amount,
        cast(gather_rows.gross_amount - gather_rows.refunded_amount as decimal(18, 2)) as net_amount,
        case when attribution_evidence.is_loaded then gather_rows.community_id != 'unattributed' end as is_attributed
    from gather_rows
    cross join attribution_evidence
)

select * from final
