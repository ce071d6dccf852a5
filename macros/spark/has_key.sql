{# Spark spills a group by, and would read the relation twice. #}
{% macro spark__where_hash_repeats(model, columns) -%}
{%- endmacro %}
