{# Spark passes over a missing value: whether each is missing is hashed with it. #}
{% macro spark__row_hash(columns) -%}
    xxhash64({% for column in columns %}{{ column }}, {{ column }} is null{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# Spark keeps no CTE. #}
{% macro spark__not_materialized() -%}
{%- endmacro %}

{# The names of columns are hashed with them: a missing value is left out of the text. #}
{% macro spark__hash_of_row(alias) -%}
    xxhash64(to_json(struct({{ alias }}.*)))
{%- endmacro %}
