{# A cast that gives NULL instead of an error. dbt's own safe_cast is a plain cast on DuckDB, PostgreSQL and Spark. #}
{% macro try_cast_to(expression, type) -%}
    {{ return(adapter.dispatch('try_cast_to', 'community_metrics')(expression, type)) }}
{%- endmacro %}

{% macro default__try_cast_to(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}
