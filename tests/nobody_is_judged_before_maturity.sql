{#- (judgement, model, key, day of joining, age in days, matured, outcome) -#}
{%- set judgements = [
    ('activation', 'fct_activations', 'membership_id', 'joined_date', 7, 'matured_7d', 'activated_7d'),
    ('activity on day 7', 'fct_new_members', 'new_member_id', 'first_joined_date', 7,
        'matured_activity_d7', 'active_d7'),
    ('activity on days 24 to 30', 'fct_new_members', 'new_member_id', 'first_joined_date', 30,
        'matured_activity_d30', 'active_d30'),
    ('conversion', 'fct_new_members', 'new_member_id', 'first_joined_date', 30,
        'matured_conversion_30d', 'converted_30d'),
] -%}

-- Whoever is judged, or found active or buying, joined long enough before the last complete day.
with calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

list_judged as (
    {% for judgement, model, key, joined_date, age, matured, outcome in judgements %}
    select
        '{{ judgement }}' as judgement,
        {{ key }} as judged_id,
        {{ dbt.dateadd('day', age, joined_date) }} as matured_date
    from {{ ref(model) }}
    where {{ matured }} = 1 or {{ outcome }} = 1
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    list_judged.judgement,
    list_judged.judged_id,
    list_judged.matured_date
from list_judged
cross join calendar
where list_judged.matured_date > calendar.as_of_date
