{#- Spark takes nothing back: the rows are looked at before the old table goes. -#}
{% macro spark__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {%- do require_sound_seed(model, agate_table) -%}
    {%- do adapter.drop_relation(old_relation) -%}
    {{ return(create_seed_table(model, agate_table, file_format_clause())) }}
{%- endmacro %}

{% macro spark__create_csv_table(model, agate_table) -%}
    {{ return(create_seed_table(model, agate_table, file_format_clause())) }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set sql -%}
        insert into {{ this.render() }}
        select
            {%- for column in seed_columns(model, agate_table) %}
            cast(cells[{{ loop.index0 }}] as {{ column.type }}){{ ',' if not loop.last }}
            {%- endfor %}
        from (select explode(from_json(%s, 'array<array<string>>', map('mode', 'FAILFAST'))) as cells)
    {%- endset -%}
    {{ return(insert_seed_rows(agate_table, sql)) }}
{%- endmacro %}
