{# A number as platforms write it: spaces, thousands separators and both yen signs removed. NULL if it does not parse. #}
{% macro parse_number(column, type) -%}
    {{ try_cast_to("replace(replace(replace(" ~ clean_text(column) ~ ", ',', ''), '¥', ''), '￥', '')", type) }}
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
