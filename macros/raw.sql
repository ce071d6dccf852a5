{# Name of a raw cell as export() hands it over: the header of the file behind the prefix raw_, quoted for the engine. #}
{% macro raw(column) -%}
    {{ adapter.quote('raw_' ~ column) }}
{%- endmacro %}

{# The three columns that say where a row came from: source_file, source_row, exported_at. #}
{% macro lineage_columns() -%}
    {{ clean_text(raw('_source_file')) }} as source_file,
        {{ try_cast_to(raw('_source_row'), 'integer') }} as source_row,
        {{ text_to_local(raw('_exported_at'), '%Y-%m-%d %H:%M:%S') }} as exported_at
{%- endmacro %}
