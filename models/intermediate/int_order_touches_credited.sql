{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_order_touches() }}",
    post_hook="{{ close_order_touches() }}",
    meta={
        'ledger_items': ['order_key'],
        'follows': {'int_orders_resolved': 'self'},
    },
) }}

-- The community of the last click before paying that is not too old, of those that the buyer was a member of then.
with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where
        paid_at is not null
        {%- if is_incremental() %}
        and {{ is_touched_item('order_key') }}
        {%- endif %}
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

name_clicks as (
    select
        identities.person_id,
        communities.community_id,
        clicks.clicked_at,
        clicks.clicked_at + case
            when communities.is_short_lived then interval '{{ var("attribution_window_flash_hours") }} hours'
            else interval '{{ var("attribution_window_days") }} days'
        end as holds_until
    from clicks
    inner join identities on clicks.customer_key = identities.identity_key
    inner join communities on clicks.chat_id = communities.community_id
),

rank_touches as (
    select
        orders.order_key,
        name_clicks.community_id,
        row_number() over (
            partition by orders.order_key
            order by name_clicks.clicked_at desc, name_clicks.community_id asc
        ) as touch_rank
    from name_clicks
    inner join orders
        on name_clicks.person_id = orders.person_id
        and name_clicks.clicked_at <= orders.paid_at
        and name_clicks.holds_until >= orders.paid_at
    inner join memberships
        on name_clicks.community_id = memberships.community_id
        and name_clicks.person_id = memberships.person_id
        and orders.paid_at >= memberships.joined_at
        and (memberships.left_at is null or orders.paid_at < memberships.left_at)
),

final as (
    select
        order_key,
        community_id
    from rank_touches
    where touch_rank = 1
)

select * from final
