{% macro postgres__as_double(expression) -%}
    cast({{ expression }} as double precision)
{%- endmacro %}

{# The text of a row marks what is missing, and puts what holds a comma into quotes. #}
{% macro postgres__row_hash(columns) -%}
    hashtextextended(cast(row({{ columns | join(', ') }}) as text), 0)
{%- endmacro %}

{% macro postgres__hash_of_row(alias) -%}
    hashtextextended(cast({{ alias }} as text), 0)
{%- endmacro %}
