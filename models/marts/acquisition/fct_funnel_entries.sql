-- The ordered funnel of the new members: each step needs the one before, and falls into a window after it.
with new_members as (
    select * from {{ ref('int_first_memberships_picked') }}
    where is_new_member
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
),

channel_days as (
    select * from {{ ref('int_membership_flows_counted') }}
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

-- outside these days a step is unknown, not zero; null where nothing is loaded
bound_activity as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from {{ ref('int_activity_days_spanned') }}
),

bound_sales as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from {{ ref('int_sales_days_spanned') }}
),

bound_referrals as (
    select
        min(first_day) as first_day,
        max(last_day) as last_day
    from {{ ref('int_exports_covered') }}
    where export_name = 'referral__records' and is_loaded
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
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

gather_rows as (
    select
        new_members.person_id as funnel_entry_id,
        new_members.community_id,
        new_members.channel_id,
        new_members.person_id,
        1 as joined,
        new_members.joined_date as first_joined_date
    from new_members
    inner join community_days
        on new_members.community_id = community_days.community_id
        and new_members.joined_date = community_days.date_day
    union all
    select
        {{ composite_key(["'empty'", 'community_id', 'channel_id', 'date_day']) }} as funnel_entry_id,
        community_id,
        channel_id,
        null as person_id,
        0 as joined,
        date_day as first_joined_date
    from channel_days
),

-- from joining to the latest day on which a step can happen: 7, then 30, 30 and 90 days later. What comes after the
-- as-of day is not missing, it has not happened yet
end_windows as (
    select
        gather_rows.*,
        least({{ dbt.dateadd('day', 7, 'gather_rows.first_joined_date') }}, calendar.as_of_date) as activation_until,
        least({{ dbt.dateadd('day', 37, 'gather_rows.first_joined_date') }}, calendar.as_of_date) as first_order_until,
        least({{ dbt.dateadd('day', 67, 'gather_rows.first_joined_date') }}, calendar.as_of_date) as repurchase_until,
        least({{ dbt.dateadd('day', 157, 'gather_rows.first_joined_date') }}, calendar.as_of_date) as referral_until
    from gather_rows
    cross join calendar
),

judge_coverage as (
    select
        end_windows.*,
        end_windows.first_joined_date >= bound_activity.first_day
        and end_windows.activation_until <= bound_activity.last_day as is_activation_known,
        end_windows.first_joined_date >= bound_sales.first_day
        and end_windows.first_order_until <= bound_sales.last_day as is_first_order_known,
        end_windows.first_joined_date >= bound_sales.first_day
        and end_windows.repurchase_until <= bound_sales.last_day as is_repurchase_known,
        end_windows.first_joined_date >= bound_referrals.first_day
        and end_windows.referral_until <= bound_referrals.last_day as is_referral_known
    from end_windows
    cross join bound_activity
    cross join bound_sales
    cross join bound_referrals
),

mark_steps as (
    select
        judge_coverage.*,
        find_first_orders.first_order_date,
        find_repurchases.repurchase_date,
        find_referrals.referral_date,
        find_activations.activation_date
    from judge_coverage
    left join find_activations on judge_coverage.person_id = find_activations.person_id
    left join find_first_orders on judge_coverage.person_id = find_first_orders.person_id
    left join find_repurchases on judge_coverage.person_id = find_repurchases.person_id
    left join find_referrals on judge_coverage.person_id = find_referrals.person_id
),

final as (
    select
        funnel_entry_id,
        community_id,
        channel_id,
        person_id,
        joined,
        first_joined_date,
        activation_date,
        first_order_date,
        repurchase_date,
        referral_date,
        case
            when activation_date is not null then 1
            when is_activation_known then 0
        end as activated,
        case
            when first_order_date is not null then 1
            when is_activation_known and is_first_order_known then 0
        end as first_ordered,
        case
            when repurchase_date is not null then 1
            when is_activation_known and is_repurchase_known then 0
        end as repurchased,
        case
            when referral_date is not null then 1
            when is_activation_known and is_repurchase_known and is_referral_known then 0
        end as referred
    from mark_steps
)

select * from final
