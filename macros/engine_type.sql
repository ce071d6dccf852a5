{# A type as the YAML of seeds and models writes it, DuckDB's name, as the running engine calls it. #}
{% macro engine_type(type) -%}
    {{ return(adapter.dispatch('engine_type', 'community_metrics')(type)) }}
{%- endmacro %}

{% macro default__engine_type(type) -%}
    {{ return(type) }}
{%- endmacro %}
