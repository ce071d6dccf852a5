{# A relation with one row per day, column date_day, from the date expression first_day to last_day, both included. #}
{% macro day_spine(first_day, last_day) -%}
    {{ return(adapter.dispatch('day_spine', 'community_metrics')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__day_spine(first_day, last_day) -%}
    unnest(generate_series(cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval 1 day))
{%- endmacro %}

{# Day of the week of a date, Monday 1 to Sunday 7. Engines number extract(dow) differently. #}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'community_metrics')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    extract(isodow from {{ date }})
{%- endmacro %}
