{# PostgreSQL takes the rows that pass it for one, and joins them by a nested loop. #}
{% macro postgres__where_hash_repeats(model, columns) -%}
{%- endmacro %}
