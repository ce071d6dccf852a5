-- 每个快闪群的收支如何？
-- What did each flash group bring in and cost?
--
-- Grain: one row per flash community (快闪群), over its whole life.
-- How to read it: most memberships end with the group (dissolved_memberships); leaves are those who went before. Set
-- net_amount against total_cost; cost of goods is in neither. acquisition_cost is ads, joining gifts and lead magnets,
-- other_cost is red packets, prizes, staff and tools. Costs of no single community (未归属) are not in here.
-- orders_after_dissolution came by the group's code once it was gone: they still belong to it.
-- The returns: mf query --metrics community_roas,cost_to_sales_ratio
--                       --group-by community__community_name,community__community_type
with communities as (
    select * from {{ ref('dim_communities') }}
    where is_short_lived
),

flows as (
    select * from {{ ref('fct_membership_flows') }}
),

sales as (
    select * from {{ ref('fct_sales') }}
),

costs as (
    select * from {{ ref('fct_costs') }}
),

count_flows as (
    select
        community_id,
        sum(new_memberships) as joined,
        sum(leaves) as leaves,
        sum(dissolved_memberships) as dissolved_memberships
    from flows
    group by community_id
),

count_sales as (
    select
        sales.community_id,
        sum(sales.valid_orders) as orders,
        sum(
            case when sales.paid_date > communities.dissolved_date then sales.valid_orders else 0 end
        ) as orders_after_dissolution,
        count(distinct sales.buyer_person_id) as buyers,
        sum(sales.net_amount) as net_amount
    from sales
    inner join communities on sales.community_id = communities.community_id
    group by sales.community_id
),

sum_costs as (
    select
        community_id,
        sum(case when is_acquisition then cost_amount else 0 end) as acquisition_cost,
        sum(case when is_acquisition then 0 else cost_amount end) as other_cost,
        sum(cost_amount) as total_cost
    from costs
    group by community_id
),

final as (
    select
        communities.community_name,
        communities.created_date,
        communities.dissolved_date,
        count_flows.joined,
        count_flows.leaves,
        count_flows.dissolved_memberships,
        count_sales.orders,
        count_sales.orders_after_dissolution,
        count_sales.buyers,
        count_sales.net_amount,
        sum_costs.acquisition_cost,
        sum_costs.other_cost,
        sum_costs.total_cost
    from communities
    left join count_flows on communities.community_id = count_flows.community_id
    left join count_sales on communities.community_id = count_sales.community_id
    left join sum_costs on communities.community_id = sum_costs.community_id
)

select * from final
order by created_date asc, community_name asc
