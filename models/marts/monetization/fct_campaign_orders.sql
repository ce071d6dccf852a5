with orders as (
    select * from {{ ref('int_campaign_orders_credited') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
),

find_openings as (
    select
        campaign_id,
        min(starts_at) as opens_at
    from {{ ref('stg_manual__campaign_phases') }}
    where campaign_phase = '开团'
    group by campaign_id
),

time_orders as (
    select
        orders.*,
        campaigns.community_id,
        coalesce(find_openings.opens_at, campaigns.starts_at) as opens_at
    from orders
    inner join campaigns on orders.campaign_id = campaigns.campaign_id
    left join find_openings on orders.campaign_id = find_openings.campaign_id
),

final as (
    select
        order_key,
        campaign_id,
        community_id,
        person_id,
        net_amount,
        opens_at,
        paid_at,
        cast(
            floor(
                {{ dbt.datediff(
                    'opens_at', 'paid_at', 'second'
                ) }} / 60.0
            ) as integer
        ) as minutes_from_opening
    from time_orders
)

select * from final
