{# / between whole numbers cuts off. #}
{% macro postgres__share_of_amount(amount, part, whole) -%}
    cast(
        ((2 * cast(abs({{ amount }}) * 100 as bigint) * {{ part }} + {{ whole }}) / (2 * {{ whole }}))
        * sign({{ amount }}) * cast(0.01 as decimal(3, 2))
        as decimal(18, 2)
    )
{%- endmacro %}
