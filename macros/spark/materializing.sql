{# As for PostgreSQL: a table or view with a contract takes the types of its contract. #}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary and config.get('partition_by') is string -%}
    {%- do keep_rows_made(in_declared_types(compiled_code)) -%}
    {{ create_temporary_view(relation, in_few_files('select * from ' ~ touched('rows'))) }}
    {%- elif temporary -%}
    {{ create_temporary_view(relation, compiled_code) }}
    {%- else -%}
    create {{ 'or replace' if config.get('file_format') in ['delta', 'iceberg'] }} table {{ relation }}
    {{ file_format_clause() }}
    {{ options_clause() }}
    {{ tblproperties_clause() }}
    {{ partition_cols(label="partitioned by") }}
    {{ clustered_cols(label="clustered by") }}
    {{ location_clause() }}
    {{ comment_clause() }}
    as
    {{ in_few_files(in_declared_types(compiled_code)) }}
    {%- endif -%}
{%- endmacro %}

{# A query of rows by day whose days come to a few writers each, large ones to several: else every task writes every day. #}
{% macro in_few_files(sql) -%}
    {%- if config.get('partition_by') is string -%}
    select /*+ rebalance({{ config.get('partition_by') }}) */ * from (
        {{ sql }}
    ) as rows_by_day
    {%- else -%}
    {{ sql }}
    {%- endif -%}
{%- endmacro %}

{# Columns of a view take no comments here: dbt-spark's own asks the server for their names once more. #}
{% macro spark__create_view_as(relation, sql) -%}
    create or replace view {{ relation }}
    {{ comment_clause() }}
    as
    {{ in_declared_types(sql) }}
{%- endmacro %}

{# dbt-spark's own leaves what a text has of backslashes as they are. #}
{% macro spark__comment_clause() -%}
    {%- if config.persist_relation_docs() -%}
    comment '{{ model.description | replace('\\', '\\\\') | replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}
