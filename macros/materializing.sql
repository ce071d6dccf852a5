{#
    Two of dbt's own macros with less work, for each is asked of every table of every build.
#}

{# dbt's own drops the backup of a table also where there was none: two statements and ten events for nothing. #}
{% macro drop_relation_if_exists(relation) -%}
    {%- if relation is not none and load_cached_relation(relation) is not none -%}
        {{ adapter.drop_relation(relation) }}
    {%- endif -%}
{%- endmacro %}

{# dbt-duckdb's own asks which columns the table has; what is commented has a contract, so they are those described. #}
{% macro duckdb__alter_column_comment(relation, column_dict) -%}
    {%- for name, column in column_dict.items() %}
    comment on column {{ relation }}.{{ adapter.quote(name) if column.quote else name }}
        is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
{%- endmacro %}
