{# There are no variables here, and a subquery is asked once for a statement. #}
{% macro postgres__remember_touched_days() -%}
{%- endmacro %}

{% macro postgres__is_near_touched_days(column) -%}
    {{ column }} between
        (select min(date_day) from {{ touched('days') }}) and (select max(date_day) from {{ touched('days') }})
{%- endmacro %}
