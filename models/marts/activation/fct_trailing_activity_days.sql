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
count_covered_days as (
    select
        dates.date_day,
        count(case when activity_days.date_day = dates.date_day then 1 end) as covered_days_1,
        count(
            case when {{ dbt.datediff('activity_days.date_day', 'dates.date_day', 'day') }} < 7 then 1 end
        ) as covered_days_7,
        count(activity_days.date_day) as covered_days_30
    from dates
    left join activity_days
        on dates.date_day >= activity_days.date_day
        and {{ dbt.datediff('activity_days.date_day', 'dates.date_day', 'day') }} < 30
    where exists (select 1 from activity_days)
    group by dates.date_day
),

list_communities as (
    select distinct community_id
    from active_days
),

final as (
    select
        {{ composite_key(["'day'", 'list_communities.community_id', 'count_covered_days.date_day']) }} as trailing_day_id,
        list_communities.community_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        cast(null as {{ dbt.type_string() }}) as person_day_id,
        null as days_ago,
        cast(count_covered_days.covered_days_1 as integer) as covered_days_1,
        cast(count_covered_days.covered_days_7 as integer) as covered_days_7,
        cast(count_covered_days.covered_days_30 as integer) as covered_days_30,
        count_covered_days.date_day
    from list_communities
    cross join count_covered_days
    union all
    select
        {{ composite_key(['active_days.activity_day_id', 'dates.date_day']) }} as trailing_day_id,
        active_days.community_id,
        active_days.person_id,
        {{ composite_key(['active_days.person_id', 'active_days.date_day']) }} as person_day_id,
        cast({{ dbt.datediff('active_days.date_day', 'dates.date_day', 'day') }} as integer) as days_ago,
        null as covered_days_1,
        null as covered_days_7,
        null as covered_days_30,
        dates.date_day
    from active_days
    inner join dates
        on active_days.date_day <= dates.date_day
        and dates.date_day < {{ dbt.dateadd('day', 30, 'active_days.date_day') }}
    where active_days.person_id is not null
)

select * from final
