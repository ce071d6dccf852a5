{#
    What dbt does around every table of every build, with less work or in the words of the engine.
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

{# A query of the running model, its columns in the types of the contract where it has one. #}
{% macro in_declared_types(sql) -%}
    {%- if config.get('contract').enforced -%}
    select
        {%- for name, column in model.columns.items() %}
        cast({{ name }} as {{ engine_type(column.data_type) }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ sql }}
    ) as declared
    {%- else -%}
    {{ sql }}
    {%- endif -%}
{%- endmacro %}
