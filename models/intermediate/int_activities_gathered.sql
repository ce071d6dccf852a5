-- Everything that counts as an activity of a counted person: an effective message, an interaction whose person is
-- known, a valid order. An order makes active only who is in some community when paying; the others are kept, because
-- they still are first orders of new members.
with activity_days as (
    select * from {{ ref('int_activity_days_spanned') }}
),

messages as (
    select * from {{ ref('int_messages_flagged') }}
    where is_effective
),

interactions as (
    select * from {{ ref('int_interactions_gathered') }}
    where person_id is not null
),

orders as (
    select * from {{ ref('int_orders_attributed') }}
    where is_valid
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
    where is_counted
),

find_member_orders as (
    select distinct orders.order_key
    from orders
    inner join memberships
        on orders.person_id = memberships.person_id
        and orders.paid_at >= memberships.joined_at
        and (memberships.left_at is null or orders.paid_at < memberships.left_at)
),

gather_activities as (
    select
        {{ composite_key(["'message'", 'message_id']) }} as activity_id,
        'message' as activity_type,
        community_id,
        person_id,
        true as is_of_member,
        sent_date as date_day,
        sent_at as occurred_at
    from messages
    union all
    select
        {{ composite_key(["'interaction'", 'interaction_id']) }} as activity_id,
        'interaction' as activity_type,
        community_id,
        person_id,
        true as is_of_member,
        date_day,
        -- of which only the day is known stands at its start
        coalesce(occurred_at, cast(date_day as timestamp)) as occurred_at
    from interactions
    union all
    select
        {{ composite_key(["'order'", 'orders.order_key']) }} as activity_id,
        'order' as activity_type,
        orders.community_id,
        orders.person_id,
        find_member_orders.order_key is not null as is_of_member,
        orders.paid_date as date_day,
        orders.paid_at as occurred_at
    from orders
    left join find_member_orders on orders.order_key = find_member_orders.order_key
),

final as (
    select
        gather_activities.activity_id,
        gather_activities.activity_type,
        gather_activities.community_id,
        gather_activities.person_id,
        gather_activities.is_of_member,
        gather_activities.date_day,
        gather_activities.occurred_at
    from gather_activities
    inner join persons on gather_activities.person_id = persons.person_id
    inner join activity_days on gather_activities.date_day = activity_days.date_day
)

select * from final
