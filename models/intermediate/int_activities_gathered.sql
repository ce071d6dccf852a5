{{ config(
    materialized='incremental',
    pre_hook="{{ open_activities() }}",
    post_hook="{{ close_activities() }}",
    **by_day('date_day'),
) }}

-- Everything that counts as an activity of a counted person: an effective message, an interaction whose person is
-- known, a valid order. An order makes active only who is in some community when paying; the others are kept, because
-- they still are first orders of new members.
with activity_days as (
    select * from {{ ref('int_activity_days_spanned') }}
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('date_day') }}
    {%- endif %}
),

-- only counted persons speak effectively
message_days as (
    select * from {{ ref('int_message_days_counted') }}
    where effective_messages > 0 and date_day in (select activity_days.date_day from activity_days)
),

interactions as (
    select * from {{ ref('int_interactions_gathered') }}
    where person_id is not null and date_day in (select activity_days.date_day from activity_days)
),

orders as (
    select * from {{ ref('int_orders_attributed') }}
    where is_valid and paid_date in (select activity_days.date_day from activity_days)
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
        community_id,
        person_id,
        effective_messages as activities,
        last_spoken_at as occurred_at,
        cast(null as timestamp) as ordered_at,
        date_day
    from message_days
    union all
    select
        interactions.community_id,
        interactions.person_id,
        1 as activities,
        -- of which only the day is known stands at its start
        coalesce(interactions.occurred_at, cast(interactions.date_day as timestamp)) as occurred_at,
        cast(null as timestamp) as ordered_at,
        interactions.date_day
    from interactions
    inner join persons on interactions.person_id = persons.person_id
    union all
    select
        orders.community_id,
        orders.person_id,
        case when find_member_orders.order_key is null then 0 else 1 end as activities,
        orders.paid_at as occurred_at,
        orders.paid_at as ordered_at,
        orders.paid_date as date_day
    from orders
    inner join persons on orders.person_id = persons.person_id
    left join find_member_orders on orders.order_key = find_member_orders.order_key
),

final as (
    select
        community_id,
        person_id,
        date_day,
        cast(sum(activities) as bigint) as activities,
        max(occurred_at) as last_occurred_at,
        max(ordered_at) as last_ordered_at
    from gather_activities
    group by community_id, person_id, date_day
)

select * from final
