{% macro spark__engine_type(type) -%}
    {{ return(
        {'varchar': 'string', 'text': 'string', 'hugeint': 'decimal(38, 0)', 'ubigint': 'decimal(20, 0)'}.get(type | lower, type)
    ) }}
{%- endmacro %}
