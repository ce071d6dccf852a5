-- 没有归属到社群的订单，为什么没有归属？
-- Why are orders credited to no community?
--
-- Grain: one row per way of attribution; the last row (全部) is every sold order: orders and amounts add up to it.
-- How to read it: from the top, orders credited by the community's code or by the last click, then the others by the
-- nearest reason. "member, no touch" is what better links and codes could credit: those buyers were inside when they
-- paid, without a code and without a click in the window. "left before paying" and "joined afterwards" were members at
-- another time. "never a member" has nothing to do with communities, or the shop knows the buyer by a key that leads to
-- no member. gross_amount and net_amount are counted as in the metrics gross_sales and net_sales. Persons may stand in
-- several rows, so persons do not add up to those of the last row. By month and way:
--   mf query --metrics orders,net_sales --group-by metric_time__month,sale__attribution_method
with orders as (
    select * from {{ ref('fct_orders') }}
    where is_sold
),

memberships as (
    select * from {{ ref('fct_memberships') }}
),

compare_with_memberships as (
    select
        orders.order_key,
        count(memberships.membership_id) as memberships,
        count(
            case
                when
                    memberships.joined_at <= orders.paid_at
                    and (memberships.left_at is null or memberships.left_at > orders.paid_at)
                    then 1
            end
        ) as memberships_at_payment,
        count(case when memberships.left_at <= orders.paid_at then 1 end) as memberships_ended
    from orders
    left join memberships on orders.person_id = memberships.person_id
    group by orders.order_key
),

name_reasons as (
    select
        orders.*,
        case
            when orders.attribution_method = 'code' then '1 community code'
            when orders.attribution_method = 'last_touch' then '2 last click'
            when compare_with_memberships.memberships_at_payment > 0 then '3 member, no touch'
            when compare_with_memberships.memberships_ended > 0 then '4 left before paying'
            when compare_with_memberships.memberships > 0 then '5 joined afterwards'
            else '6 never a member'
        end as reason
    from orders
    inner join compare_with_memberships on orders.order_key = compare_with_memberships.order_key
),

final as (
    select
        coalesce(reason, '全部') as reason,
        count(*) as sold_orders,
        count(case when is_valid then 1 end) as valid_orders,
        count(distinct person_id) as persons,
        sum(paid_amount) as gross_amount,
        sum(net_amount) as net_amount
    from name_reasons
    group by rollup(reason)
)

select * from final
order by reason asc
