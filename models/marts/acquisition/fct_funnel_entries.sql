-- Of a step that a new member did not take: whether that is known, for its window lies in covered days.
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

steps as (
    select * from {{ ref('int_funnel_steps_dated') }}
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
        steps.first_order_date,
        steps.repurchase_date,
        steps.referral_date,
        steps.activation_date
    from judge_coverage
    left join steps on judge_coverage.person_id = steps.person_id
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
