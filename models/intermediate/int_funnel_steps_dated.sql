-- The ordered steps of the funnel: each needs the one before, and falls into a window after it.
with new_members as (
    select * from {{ ref('int_first_memberships_picked') }}
    where is_new_member
),

activities as (
    select * from {{ ref('int_activities_gathered') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
    where is_valid
),

referrals as (
    select * from {{ ref('int_referrals_credited') }}
    where succeeded_at is not null
),

find_activations as (
    select
        new_members.person_id,
        new_members.joined_at,
        min(activities.date_day) as activation_date
    from new_members
    inner join activities
        on new_members.person_id = activities.person_id
        and new_members.joined_at <= activities.last_occurred_at
        and new_members.joined_date <= activities.date_day
        and activities.date_day <= {{ dbt.dateadd('day', 7, 'new_members.joined_date') }}
    group by new_members.person_id, new_members.joined_at
),

rank_orders as (
    select
        person_id,
        paid_at,
        paid_date,
        row_number() over (partition by person_id order by paid_at, order_key) as order_number
    from orders
),

-- an order after joining is an activity itself: on the day of the activation none comes before it
find_first_orders as (
    select
        find_activations.person_id,
        rank_orders.paid_date as first_order_date
    from find_activations
    inner join rank_orders
        on find_activations.person_id = rank_orders.person_id
        and find_activations.joined_at <= rank_orders.paid_at
        and find_activations.activation_date <= rank_orders.paid_date
        and rank_orders.paid_date <= {{ dbt.dateadd('day', 30, 'find_activations.activation_date') }}
    where rank_orders.order_number = 1
),

find_repurchases as (
    select
        find_first_orders.person_id,
        min(orders.paid_date) as repurchase_date
    from find_first_orders
    inner join orders
        on find_first_orders.person_id = orders.person_id
        and find_first_orders.first_order_date < orders.paid_date
        and orders.paid_date <= {{ dbt.dateadd('day', 30, 'find_first_orders.first_order_date') }}
    group by find_first_orders.person_id
),

find_referrals as (
    select
        find_repurchases.person_id,
        min(cast(referrals.succeeded_at as date)) as referral_date
    from find_repurchases
    inner join referrals
        on find_repurchases.person_id = referrals.inviter_person_id
        and find_repurchases.repurchase_date <= cast(referrals.succeeded_at as date)
        and cast(referrals.succeeded_at as date) <= {{ dbt.dateadd('day', 90, 'find_repurchases.repurchase_date') }}
    group by find_repurchases.person_id
),

final as (
    select
        find_activations.person_id,
        find_activations.activation_date,
        find_first_orders.first_order_date,
        find_repurchases.repurchase_date,
        find_referrals.referral_date
    from find_activations
    left join find_first_orders on find_activations.person_id = find_first_orders.person_id
    left join find_repurchases on find_activations.person_id = find_repurchases.person_id
    left join find_referrals on find_activations.person_id = find_referrals.person_id
)

select * from final
