{#-
    Seeds on the shared targets. dbt's own way there renders a placeholder for every cell, which takes minutes for ten
    thousand rows; here a batch of rows is one JSON text, cast by the engine. Every column has its type declared, so
    that nothing is guessed and dbt reads text only; a cell of spaces becomes null there, as staging has it. DuckDB reads
    the file itself.
-#}
{% macro seed_columns(model, agate_table) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = model.config.get('column_types', {}).get(name) -%}
        {%- if not type -%}
            {{ exceptions.raise_compiler_error(model.name ~ ': column_types has no type for the column ' ~ name) }}
        {%- endif -%}
        {%- set quoted = adapter.quote_seed_column(name | string, model.config.get('quote_columns')) -%}
        {%- do columns.append({'name': quoted, 'type': engine_type(type)}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro create_seed_table(model, agate_table, clauses='') -%}
    {%- do require_sound_seed(model, agate_table) -%}
    {%- set sql -%}
        create table {{ this.render() }} (
            {%- for column in seed_columns(model, agate_table) %}
            {{ column.name }} {{ column.type }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) {{ clauses }}
    {%- endset -%}
    {%- call statement('_') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}

{#- Inserts rows by a statement that has one placeholder, for a JSON array of arrays of text. -#}
{% macro insert_seed_rows(agate_table, sql) -%}
    {%- for rows in agate_table.rows | batch(10000) -%}
        {%- do adapter.add_query(sql, bindings=[tojson(rows | map('list') | list)], abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return(sql) }}
{%- endmacro %}
