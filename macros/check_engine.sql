{#
    Before a build on a shared server: ends the run where the database or the session would give other results than
    the models mean, and says what to do. DuckDB is as kpi.dbt_warehouse opens it.
#}
{% macro check_engine() -%}
    {{ return(adapter.dispatch('check_engine', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__check_engine() -%}
{%- endmacro %}
