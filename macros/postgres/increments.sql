{# PostgreSQL replaces no table by another one of the same name. #}
{% macro postgres__create_touched(kind) -%}
    drop table if exists {{ touched(kind) }};
    create temp table {{ touched(kind) }}
{%- endmacro %}
