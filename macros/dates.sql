{#
    Set-returning: one date per day from the date expression first_day to last_day, both included; no row where one of
    them is NULL or the last comes before the first. It stands alone in a select list, for Spark takes it in no expression.
#}
{% macro day_spine(first_day, last_day) -%}
    {{ return(adapter.dispatch('day_spine', 'community_metrics')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__day_spine(first_day, last_day) -%}
    cast(unnest(generate_series(
        cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval 1 day
    )) as date)
{%- endmacro %}

{# Day of the week of a date, Monday 1 to Sunday 7. Engines number extract(dow) differently. #}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'community_metrics')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    extract(isodow from {{ date }})
{%- endmacro %}

{# Number of the stretch of so many seconds, counted from 1970, that a time falls into. #}
{% macro time_slot(moment, seconds) -%}
    {{ return(adapter.dispatch('time_slot', 'community_metrics')(moment, seconds)) }}
{%- endmacro %}

{% macro default__time_slot(moment, seconds) -%}
    floor(epoch({{ moment }}) / {{ seconds }})
{%- endmacro %}
