{# Day of the week of a date, Monday 1 to Sunday 7. Engines number extract(dow) differently. #}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'community_metrics')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    extract(isodow from {{ date }})
{%- endmacro %}
