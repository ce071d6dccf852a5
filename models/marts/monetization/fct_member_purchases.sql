-- The rows of fct_sales that stand under a community: orders and days without one. Where nobody can say which
-- community an order came from, there are none.
with sales as (
    select * from {{ ref('fct_sales') }}
    where is_attributed
),

orders as (
    select * from {{ ref('int_orders_attributed') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

find_buying_members as (
    select distinct
        sales.sale_id,
        memberships.person_id
    from sales
    inner join orders on sales.order_key = orders.order_key
    inner join memberships
        on sales.community_id = memberships.community_id
        and sales.buyer_person_id = memberships.person_id
        and orders.paid_at >= memberships.joined_at
        and (memberships.left_at is null or orders.paid_at < memberships.left_at)
),

final as (
    select
        sales.sale_id,
        sales.community_id,
        sales.channel_id,
        find_buying_members.person_id,
        sales.paid_date
    from sales
    left join find_buying_members on sales.sale_id = find_buying_members.sale_id
)

select * from final
