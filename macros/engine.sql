{#
    What every engine has under another name.
#}

{# An expression as a floating-point number of 64 bits; dbt's own type_float has 32 on DuckDB and Spark. #}
{% macro as_double(expression) -%}
    {{ return(adapter.dispatch('as_double', 'community_metrics')(expression)) }}
{%- endmacro %}

{% macro default__as_double(expression) -%}
    cast({{ expression }} as double)
{%- endmacro %}

{#
    A whole number of 64 bits that stands for a row, or for some of its columns: equal where they are, a missing value
    among them. Two rows may share one; and each engine has its own numbers, so they are never shown or compared across.
#}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'community_metrics')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{# The same of all columns of a row, by the alias of its table in the query. #}
{% macro hash_of_row(alias) -%}
    {{ return(adapter.dispatch('hash_of_row', 'community_metrics')(alias)) }}
{%- endmacro %}

{% macro default__hash_of_row(alias) -%}
    hash({{ alias }})
{%- endmacro %}

{# The sum of such numbers over rows, as a text. #}
{% macro sum_of_hashes(number) -%}
    cast(sum(cast({{ number }} as {{ engine_type('hugeint') }})) as {{ dbt.type_string() }})
{%- endmacro %}

{# What stands between `as` and the bracket of a CTE that is read more than once, and too wide to be kept meanwhile. #}
{% macro not_materialized() -%}
    {{ return(adapter.dispatch('not_materialized', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__not_materialized() -%}
    not materialized
{%- endmacro %}
