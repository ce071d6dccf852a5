-- Each order of a campaign stands in one phase, and so does each day of its costs; what is not known of a campaign is
-- known in none of its phases.
with campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
    where is_started
),

sum_phases as (
    select
        campaign_id,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        sum(cost_amount) as cost_amount
    from {{ ref('fct_campaign_phases') }}
    group by campaign_id
),

sum_orders as (
    select
        campaign_id,
        count(*) as orders,
        sum(net_amount) as net_amount
    from {{ ref('fct_campaign_orders') }}
    group by campaign_id
),

sum_costs as (
    select
        campaign_id,
        sum(cost_amount) as cost_amount
    from {{ ref('fct_costs') }}
    group by campaign_id
),

bound_costs as (
    select
        first_day,
        last_day
    from {{ ref('int_exports_covered') }}
    where export_name = 'manual__costs' and is_loaded
),

expect_sums as (
    select
        campaigns.campaign_id,
        case when campaigns.is_sales_known then coalesce(sum_orders.orders, 0) end as orders,
        case when campaigns.is_sales_known then coalesce(sum_orders.net_amount, 0) end as net_amount,
        case when bound_costs.first_day is not null then coalesce(sum_costs.cost_amount, 0) end as cost_amount
    from campaigns
    left join sum_orders on campaigns.campaign_id = sum_orders.campaign_id
    left join sum_costs on campaigns.campaign_id = sum_costs.campaign_id
    left join bound_costs
        on campaigns.start_date >= bound_costs.first_day
        and campaigns.start_date <= bound_costs.last_day
)

select
    sum_phases.orders,
    expect_sums.orders as expected_orders,
    sum_phases.net_amount,
    expect_sums.net_amount as expected_net_amount,
    sum_phases.cost_amount,
    expect_sums.cost_amount as expected_cost_amount,
    coalesce(sum_phases.campaign_id, expect_sums.campaign_id) as campaign_id
from sum_phases
full outer join expect_sums on sum_phases.campaign_id = expect_sums.campaign_id
where
    sum_phases.campaign_id is null
    or expect_sums.campaign_id is null
    or sum_phases.orders is distinct from expect_sums.orders
    or sum_phases.net_amount is distinct from expect_sums.net_amount
    or sum_phases.cost_amount is distinct from expect_sums.cost_amount
