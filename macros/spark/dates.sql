{# sequence() counts backwards where the last day comes first. #}
{% macro spark__day_spine(first_day, last_day) -%}
    explode(
        case
            when cast({{ first_day }} as date) <= cast({{ last_day }} as date)
                then sequence(cast({{ first_day }} as date), cast({{ last_day }} as date))
            else array()
        end
    )
{%- endmacro %}

{% macro spark__iso_weekday(date) -%}
    (weekday({{ date }}) + 1)
{%- endmacro %}

{% macro spark__time_slot(moment, seconds) -%}
    floor(unix_seconds({{ moment }}) / {{ seconds }})
{%- endmacro %}

{# dbt's own goes by way of epochs and stops the build at a NULL; other engines answer NULL. #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    dateadd({{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }})
{%- endmacro %}

{# Boundaries between two times, as on the other engines: dbt's own stops at a NULL, Spark's own counts whole units. #}
{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- set positions = {
        'year': 'year({0})',
        'month': '(12 * year({0}) + month({0}))',
        'day': 'unix_date(cast({0} as date))',
        'minute': 'floor(unix_seconds(cast({0} as timestamp)) / 60)',
        'second': 'unix_seconds(cast({0} as timestamp))',
        'millisecond': 'unix_millis(cast({0} as timestamp))',
    } -%}
    {%- if datepart not in positions -%}
        {{ exceptions.raise_compiler_error("datediff on Spark: '" ~ datepart ~ "' is none of " ~ positions | join(', ')) }}
    {%- endif -%}
    ({{ positions[datepart].format(second_date) }} - {{ positions[datepart].format(first_date) }})
{%- endmacro %}
