{# sign() is a floating-point number here. #}
{% macro spark__share_of_amount(amount, part, whole) -%}
    cast(
        ((2 * cast(abs({{ amount }}) * 100 as bigint) * {{ part }} + {{ whole }}) div (2 * {{ whole }}))
        * case when {{ amount }} < 0 then -1 else 1 end * cast(0.01 as decimal(3, 2))
        as decimal(18, 2)
    )
{%- endmacro %}
