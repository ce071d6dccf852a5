-- 快闪开团后，订单是在第几分钟来的？
-- At which minute after the opening do the orders of a flash sale come?
--
-- Grain: one row per flash campaign (快闪群) and minute from its opening with at least one order.
-- How to read it: minute 0 is the first minute; negative minutes are orders of the warm-up. running_orders and
-- running_share say how much of the sale is over by the end of that minute: where the share flattens, the sale is over
-- and the group can close. The opening is the begin of the phase 开团, else the start of the campaign by its list.
-- Orders are valid ones credited to the campaign; refunds are taken off.
with campaigns as (
    select * from {{ ref('dim_campaigns') }}
    where campaign_type = '快闪群'
),

orders as (
    select * from {{ ref('fct_campaign_orders') }}
),

sum_minutes as (
    select
        campaigns.campaign_id,
        campaigns.campaign_name,
        orders.opens_at,
        orders.minutes_from_opening,
        count(*) as orders,
        count(distinct orders.person_id) as buyers,
        sum(orders.net_amount) as net_amount
    from campaigns
    inner join orders on campaigns.campaign_id = orders.campaign_id
    group by campaigns.campaign_id, campaigns.campaign_name, orders.opens_at, orders.minutes_from_opening
),

final as (
    select
        campaign_name,
        opens_at,
        minutes_from_opening,
        orders,
        buyers,
        net_amount,
        sum(orders) over minutes_so_far as running_orders,
        sum(orders) over minutes_so_far / sum(orders) over (partition by campaign_id) as running_share
    from sum_minutes
    window minutes_so_far as (partition by campaign_id order by minutes_from_opening)
)

select * from final
order by opens_at asc, campaign_name asc, minutes_from_opening asc
