{#
    A number as platforms write it: spaces, thousands separators and both yen signs removed.
    NULL if it does not parse or has more decimals than the type holds: a rounded number would be a wrong number.
#}
{% macro parse_number(column, type) -%}
    {%- set digits = "replace(replace(replace(" ~ clean_text(column) ~ ", ',', ''), '¥', ''), '￥', '')" -%}
    {%- set exact = try_cast_to(digits, 'decimal(30, 6)') -%}
    case when {{ exact }} = {{ try_cast_to(exact, type) }} then {{ try_cast_to(exact, type) }} end
{%- endmacro %}

{# Yuan from a cell in yuan or in fen, as decimal(18, 2). Fen are whole numbers; a fraction of a fen or of a cent is NULL. #}
{% macro parse_money(column, unit) -%}
    {%- if unit == 'fen' -%}
    cast({{ parse_number(column, 'bigint') }} * cast(0.01 as decimal(3, 2)) as decimal(18, 2))
    {%- elif unit == 'yuan' -%}
    {{ parse_number(column, 'decimal(18, 2)') }}
    {%- else -%}
    {{ exceptions.raise_compiler_error("parse_money: unit must be 'fen' or 'yuan', got '" ~ unit ~ "'") }}
    {%- endif -%}
{%- endmacro %}
