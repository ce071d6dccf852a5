{% macro postgres__create_csv_table(model, agate_table) -%}
    {{ return(create_seed_table(model, agate_table)) }}
{%- endmacro %}

{% macro postgres__load_csv_rows(model, agate_table) -%}
    {%- set sql -%}
        insert into {{ this.render() | replace('%', '%%') }}
        select
            {%- for column in seed_columns(model, agate_table) %}
            cast(cells.value ->> {{ loop.index0 }} as {{ column.type }}){{ ',' if not loop.last }}
            {%- endfor %}
        from jsonb_array_elements(cast(%s as jsonb)) as cells(value)
    {%- endset -%}
    {{ return(insert_seed_rows(agate_table, sql)) }}
{%- endmacro %}
