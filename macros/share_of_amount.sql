{#
    The share part / whole of an amount in yuan, rounded half away from zero to the cent, in whole numbers throughout:
    DuckDB divides decimals as floating point, which rounds some exact halves down, and its // cuts off towards zero,
    so that a credit note is divided as the cost it takes back and gets its sign afterwards.
#}
{% macro share_of_amount(amount, part, whole) -%}
    {{ return(adapter.dispatch('share_of_amount', 'community_metrics')(amount, part, whole)) }}
{%- endmacro %}

{% macro default__share_of_amount(amount, part, whole) -%}
    cast(
        ((2 * cast(abs({{ amount }}) * 100 as bigint) * {{ part }} + {{ whole }}) // (2 * {{ whole }}))
        * sign({{ amount }}) * cast(0.01 as decimal(3, 2))
        as decimal(18, 2)
    )
{%- endmacro %}
