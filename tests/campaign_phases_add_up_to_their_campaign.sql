-- Each order of a campaign stands in one phase, and so does each day of its costs.
with sum_phases as (
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
)

select
    sum_phases.campaign_id,
    sum_phases.orders,
    sum_phases.net_amount,
    sum_phases.cost_amount
from sum_phases
left join sum_orders on sum_phases.campaign_id = sum_orders.campaign_id
left join sum_costs on sum_phases.campaign_id = sum_costs.campaign_id
where
    sum_phases.orders != coalesce(sum_orders.orders, 0)
    or sum_phases.net_amount != coalesce(sum_orders.net_amount, 0)
    or sum_phases.cost_amount != coalesce(sum_costs.cost_amount, 0)
