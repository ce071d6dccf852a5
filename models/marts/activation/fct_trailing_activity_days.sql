-- Figures as of a day, without the person as an entity: only communities have a row on every day, so only they can tell
-- which day is a period's last. A view on purpose: person-days are stored once and repeated for the days asked for.
{{ config(materialized='view') }}

with active_days as (
    select * from {{ ref('fct_activity_days') }}
),

activity_days as (
    select * from {{ ref('int_activity_days_spanned') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

dates as (
    select dates.date_day
    from {{ ref('int_dates_spanned') }} as dates
    cross join calendar
    where dates.date_day >= calendar.history_start_date and dates.date_day <= calendar.as_of_date
),

-- a day after the archive ends is there too, as a day of which nothing is known
measure_windows as (
    select
        dates.date_day,
        activity_days.date_day as known_day,
        {{ dbt.datediff(
            'activity_days.date_day', 'dates.date_day', 'day'
        ) }} as days_ago
    from dates
    left join activity_days
        on dates.date_day >= activity_days.date_day
        and activity_days.date_day > {{ dbt.dateadd('day', -30, 'dates.date_day') }}
),

count_known_days as (
    select
        date_day,
        cast(count(case when days_ago = 0 then 1 end) as integer) as covered_days_1,
        cast(count(case when days_ago < 7 then 1 end) as integer) as covered_days_7,
        cast(count(known_day) as integer) as covered_days_30
    from measure_windows
    group by date_day
),

list_communities as (
    select distinct community_id
    from active_days
),

unfold_activity as (
    select
        active_days.activity_day_id,
        active_days.community_id,
        active_days.person_id,
        active_days.date_day as active_day,
        dates.date_day,
        {{ dbt.datediff(
            'active_days.date_day', 'dates.date_day', 'day'
        ) }} as days_ago
    from active_days
    inner join dates
        on active_days.date_day <= dates.date_day
        and active_days.date_day > {{ dbt.dateadd('day', -30, 'dates.date_day') }}
    where active_days.person_id is not null
),

final as (
    select
        {{ composite_key(["'day'", 'communities.community_id', 'known_days.date_day']) }} as trailing_day_id,
        communities.community_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        cast(null as {{ dbt.type_string() }}) as person_day_id,
        null as days_ago,
        known_days.covered_days_1,
        known_days.covered_days_7,
        known_days.covered_days_30,
        known_days.date_day
    from list_communities as communities
    cross join count_known_days as known_days
    union all
    select
        {{ composite_key(['activity_day_id', 'date_day']) }} as trailing_day_id,
        community_id,
        person_id,
        {{ composite_key(['person_id', 'active_day']) }} as person_day_id,
        cast(days_ago as integer) as days_ago,
        null as covered_days_1,
        null as covered_days_7,
        null as covered_days_30,
        date_day
    from unfold_activity
)

select * from final
