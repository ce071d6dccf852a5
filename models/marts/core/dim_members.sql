with persons as (
    select * from {{ ref('int_persons_classified') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
),

first_memberships as (
    select * from {{ ref('int_first_memberships_picked') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

summarise_memberships as (
    select
        person_id,
        min(joined_date) as first_joined_date,
        count(distinct community_id) as communities_joined
    from memberships
    group by person_id
),

summarise_orders as (
    select
        person_id,
        min(paid_date) as first_paid_date
    from orders
    where is_valid
    group by person_id
),

final as (
    select
        persons.person_id,
        persons.role,
        persons.is_counted,
        summarise_memberships.first_joined_date,
        cast({{ dbt.date_trunc('month', 'summarise_memberships.first_joined_date') }} as date) as first_joined_month,
        channels.channel_name as first_channel_name,
        communities.community_type as first_community_type,
        summarise_orders.first_paid_date,
        cast(coalesce(summarise_memberships.communities_joined, 0) as integer) as communities_joined
    from persons
    left join summarise_memberships on persons.person_id = summarise_memberships.person_id
    left join first_memberships on persons.person_id = first_memberships.person_id
    left join channels on first_memberships.channel_id = channels.channel_id
    left join communities on first_memberships.community_id = communities.community_id
    left join summarise_orders on persons.person_id = summarise_orders.person_id
)

select * from final
