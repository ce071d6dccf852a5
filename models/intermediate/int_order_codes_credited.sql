{{ config(post_hook="{{ note_table_changes() }}", meta={'ledger_items': ['order_key']}) }}

-- The community whose promotion code an order carries, or whose group-buy activity it belongs to; not where the buyer
-- first joined it after paying.
with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where paid_at is not null and (promo_code is not null or activity_chat_id is not null)
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

match_codes as (
    select
        orders.order_key,
        orders.person_id,
        orders.paid_at,
        communities.community_id
    from orders
    inner join communities on orders.promo_code = communities.promo_code
    union all
    select
        orders.order_key,
        orders.person_id,
        orders.paid_at,
        communities.community_id
    from orders
    inner join communities on orders.activity_chat_id = communities.community_id
),

find_first_joins as (
    select
        match_codes.order_key,
        match_codes.community_id,
        match_codes.paid_at,
        min(memberships.joined_at) as joined_at
    from match_codes
    left join memberships
        on match_codes.community_id = memberships.community_id
        and match_codes.person_id = memberships.person_id
    group by match_codes.order_key, match_codes.community_id, match_codes.paid_at
),

final as (
    select
        order_key,
        min(community_id) as community_id
    from find_first_joins
    where joined_at is null or joined_at <= paid_at
    group by order_key
)

select * from final
