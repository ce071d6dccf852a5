-- DAU <= WAU <= MAU and DAU <= person-days over 30, on every day on which 30 days can be looked at.
with active_days as (
    select * from {{ ref('fct_trailing_activity_days') }}
),

list_days as (
    select distinct date_day as as_of_day
    from active_days
),

count_windows as (
    select
        list_days.as_of_day,
        count(distinct case when active_days.date_day = list_days.as_of_day then active_days.person_id end) as dau,
        count(
            distinct case
                when active_days.date_day > {{ dbt.dateadd('day', -7, 'list_days.as_of_day') }}
                    then active_days.person_id
            end
        ) as wau,
        count(distinct active_days.person_id) as mau,
        count(distinct active_days.person_day_id) as person_days
    from list_days
    inner join active_days
        on list_days.as_of_day >= active_days.date_day
        and active_days.date_day > {{ dbt.dateadd('day', -30, 'list_days.as_of_day') }}
    group by list_days.as_of_day
)

select *
from count_windows
where dau > wau or wau > mau or mau > person_days
