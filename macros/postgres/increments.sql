{# PostgreSQL replaces no table by another one of the same name. #}
{% macro postgres__create_touched(kind) -%}
    drop table if exists {{ touched(kind) }};
    create temp table {{ touched(kind) }}
{%- endmacro %}

{# To the end of the transaction, which dbt keeps open from compiling a model to its commit. #}
{% macro postgres__hold_model() -%}
    {%- do run_query("select pg_advisory_xact_lock(hashtextextended('dbt " ~ this ~ "', 0))") -%}
{%- endmacro %}
