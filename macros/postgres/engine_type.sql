{% macro postgres__engine_type(type) -%}
    {{ return({'double': 'double precision', 'hugeint': 'decimal(38, 0)', 'ubigint': 'decimal(20, 0)'}.get(type | lower, type)) }}
{%- endmacro %}
