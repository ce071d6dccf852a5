-- An order belongs to at most one community: by its code or that of its group-buy activity,
-- else by the last click before paying, else to none.
with orders as (
    select * from {{ ref('int_orders_resolved') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

clicks as (
    select * from {{ ref('stg_scrm__link_clicks') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

find_first_joins as (
    select
        community_id,
        person_id,
        min(joined_at) as joined_at
    from memberships
    group by community_id, person_id
),

credit_codes as (
    select
        orders.order_key,
        min(communities.community_id) as community_id
    from orders
    inner join communities
        on orders.promo_code = communities.promo_code
        or orders.activity_chat_id = communities.community_id
    left join find_first_joins
        on communities.community_id = find_first_joins.community_id
        and orders.person_id = find_first_joins.person_id
    where
        orders.paid_at is not null
        and (find_first_joins.joined_at is null or find_first_joins.joined_at <= orders.paid_at)
    group by orders.order_key
),

rank_touches as (
    select
        orders.order_key,
        communities.community_id,
        row_number() over (
            partition by orders.order_key
            order by clicks.clicked_at desc, communities.community_id asc
        ) as touch_rank
    from orders
    inner join identities on orders.person_id = identities.person_id
    inner join clicks on identities.identity_key = clicks.customer_key and orders.paid_at >= clicks.clicked_at
    inner join communities
        on clicks.chat_id = communities.community_id
        and orders.paid_at <= clicks.clicked_at + case
            when communities.is_short_lived then interval '{{ var("attribution_window_flash_hours") }} hours'
            else interval '{{ var("attribution_window_days") }} days'
        end
    inner join memberships
        on communities.community_id = memberships.community_id
        and orders.person_id = memberships.person_id
        and orders.paid_at >= memberships.joined_at
        and (memberships.left_at is null or orders.paid_at < memberships.left_at)
),

final as (
    select
        orders.order_key,
        orders.shop_system,
        orders.order_id,
        orders.person_id,
        orders.promo_code,
        orders.is_sold,
        orders.is_valid,
        orders.paid_amount,
        orders.list_amount,
        orders.discount_amount,
        orders.refunded_amount,
        orders.paid_date,
        orders.created_at,
        orders.paid_at,
        orders.exported_at,
        coalesce(credit_codes.community_id, rank_touches.community_id, 'unattributed') as community_id,
        case
            when credit_codes.community_id is not null then 'code'
            when rank_touches.community_id is not null then 'last_touch'
            else 'none'
        end as attribution_method
    from orders
    left join credit_codes on orders.order_key = credit_codes.order_key
    left join rank_touches on orders.order_key = rank_touches.order_key and rank_touches.touch_rank = 1
)

select * from final
