{%- set window_days = 7 -%}

with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted and not is_older_than_history and not is_join_unknown
),

activities as (
    select * from {{ ref('int_activities_gathered') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

bound_days as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from {{ ref('int_activity_days_spanned') }}
),

judge_maturity as (
    select
        memberships.*,
        cast({{ dbt.dateadd('day', window_days, 'memberships.joined_date') }} as date) as last_window_date,
        -- null where no archive is loaded
        cast(
            memberships.joined_date >= bound_days.first_day
            and cast({{ dbt.dateadd('day', window_days, 'memberships.joined_date') }} as date) <= bound_days.last_day
            and cast({{ dbt.dateadd('day', window_days, 'memberships.joined_date') }} as date)
            <= coalesce(calendar.members_last_date, calendar.as_of_date) as integer
        ) as matured_7d
    from memberships
    cross join calendar
    cross join bound_days
),

-- an order is an activity of the person in whichever community it is credited to
list_activated as (
    select distinct judge_maturity.membership_id
    from judge_maturity
    inner join activities
        on judge_maturity.person_id = activities.person_id
        and judge_maturity.joined_date <= activities.date_day
        and judge_maturity.last_window_date >= activities.date_day
        and (
            judge_maturity.joined_at <= activities.last_ordered_at
            or (
                judge_maturity.community_id = activities.community_id
                and judge_maturity.joined_at <= activities.last_occurred_at
            )
        )
),

final as (
    select
        judge_maturity.membership_id,
        judge_maturity.community_id,
        judge_maturity.channel_id,
        judge_maturity.person_id,
        judge_maturity.matured_7d,
        judge_maturity.joined_date,
        case when list_activated.membership_id is null then 0 else 1 end * judge_maturity.matured_7d as activated_7d
    from judge_maturity
    left join list_activated on judge_maturity.membership_id = list_activated.membership_id
)

select * from final
