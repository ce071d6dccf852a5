-- Whoever is judged, or found active or buying, joined long enough before the last complete day.
with calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

list_judged as (
    select
        'activation' as judgement,
        membership_id as judged_id,
        {{ dbt.dateadd('day', 7, 'joined_date') }} as matured_date
    from {{ ref('fct_activations') }}
    where matured_7d = 1 or activated_7d = 1
    union all
    select
        'activity on day 7' as judgement,
        new_member_id as judged_id,
        {{ dbt.dateadd('day', 7, 'first_joined_date') }} as matured_date
    from {{ ref('fct_new_members') }}
    where matured_activity_d7 = 1 or active_d7 = 1
    union all
    select
        'activity on days 24 to 30' as judgement,
        new_member_id as judged_id,
        {{ dbt.dateadd('day', 30, 'first_joined_date') }} as matured_date
    from {{ ref('fct_new_members') }}
    where matured_activity_d30 = 1 or active_d30 = 1
    union all
    select
        'conversion' as judgement,
        new_member_id as judged_id,
        {{ dbt.dateadd('day', 30, 'first_joined_date') }} as matured_date
    from {{ ref('fct_new_members') }}
    where matured_conversion_30d = 1 or converted_30d = 1
)

select
    list_judged.judgement,
    list_judged.judged_id,
    list_judged.matured_date
from list_judged
cross join calendar
where list_judged.matured_date > calendar.as_of_date
