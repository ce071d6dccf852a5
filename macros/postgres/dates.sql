{% macro postgres__day_spine(first_day, last_day) -%}
    cast(generate_series(
        cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval '1 day'
    ) as date)
{%- endmacro %}

{% macro postgres__time_slot(moment, seconds) -%}
    floor(extract(epoch from {{ moment }}) / {{ seconds }})
{%- endmacro %}
