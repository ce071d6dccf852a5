-- An order belongs to at most one campaign: of those it was paid in, the one that started last. A campaign of
-- a community takes the orders credited to it, one of no community those of the people it had reached before they paid.
with orders as (
    select * from {{ ref('int_orders_attributed') }}
    where is_valid
),

exports as (
    select * from {{ ref('int_exports_covered') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
    where is_started
),

reach as (
    select * from {{ ref('stg_scrm__campaign_reach') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

find_first_reaches as (
    select
        reach.campaign_id,
        identities.person_id,
        min(reach.acted_at) as first_reached_at
    from reach
    inner join identities on reach.customer_key = identities.identity_key
    group by reach.campaign_id, identities.person_id
),

rank_campaigns as (
    select
        orders.order_key,
        orders.person_id,
        orders.paid_at,
        orders.paid_amount,
        orders.refunded_amount,
        campaigns.campaign_id,
        row_number() over (
            partition by orders.order_key
            order by campaigns.starts_at desc, campaigns.campaign_id asc
        ) as campaign_rank
    from orders
    -- the day on which a shop was exported is in the export, but not complete
    inner join exports
        on exports.export_name = {{ dbt.concat(["orders.shop_system", "'__orders'"]) }}
        and orders.paid_date <= exports.last_day
    inner join campaigns
        on orders.paid_at >= campaigns.window_starts_at
        and orders.paid_at < campaigns.window_ends_at
    left join find_first_reaches
        on campaigns.campaign_id = find_first_reaches.campaign_id
        and orders.person_id = find_first_reaches.person_id
    where
        (campaigns.community_id != 'unattributed' and orders.community_id = campaigns.community_id)
        or (campaigns.community_id = 'unattributed' and orders.paid_at >= find_first_reaches.first_reached_at)
),

final as (
    select
        order_key,
        campaign_id,
        person_id,
        cast(paid_amount - refunded_amount as decimal(18, 2)) as net_amount,
        paid_at
    from rank_campaigns
    where campaign_rank = 1
)

select * from final
