{# A set-returning expression: one row per trimmed part of a delimited text. Use it in a select list. #}
{% macro split_to_rows(column, delimiter) -%}
    {{ return(adapter.dispatch('split_to_rows', 'community_metrics')(column, delimiter)) }}
{%- endmacro %}

{% macro default__split_to_rows(column, delimiter) -%}
    trim(unnest(string_split({{ column }}, '{{ delimiter }}')))
{%- endmacro %}
