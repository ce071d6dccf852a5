{#
    PostgreSQL has no try_cast, and one cell that cannot be cast would stop the build: a cell is cast only where it has
    the pattern of a number or time, and a length that the cast can hold.
#}

{% macro postgres__trimmed(expression) -%}
    btrim({{ expression }}, U&' \00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\202F\205F\3000')
{%- endmacro %}

{% macro postgres__clean_text(column, export_name) -%}
    case when {{ trimmed(column) }} not in ({{ null_likes(export_name) }}) then {{ trimmed(column) }} end
{%- endmacro %}

{# The number that a text is, as numeric. A pattern that counts digits, {1,100}, would take thirty times as long. #}
{% macro numeric_of_text(expression) -%}
    case
        when length({{ expression }}) <= 200 and {{ expression }} ~ '^{{ number_pattern() }}$'
            then cast(replace({{ expression }}, '_', '') as numeric)
    end
{%- endmacro %}

{% macro postgres__try_cast_to(expression, type) -%}
    {%- set scale, least, most = number_limits(type) -%}
    {%- set number = 'round(' ~ numeric_of_text(expression) ~ ', ' ~ scale ~ ')' -%}
    case when {{ number }} between {{ least }} and {{ most }} then cast({{ number }} as {{ type }}) end
{%- endmacro %}

{% macro postgres__parse_number(column, type) -%}
    {%- set scale, least, most = number_limits(type) -%}
    {%- set number = 'round(' ~ numeric_of_text('translate(' ~ trimmed(column) ~ ", ',¥￥', '')") ~ ', 6)' -%}
    case
        when {{ number }} = round({{ number }}, {{ scale }}) and {{ number }} between {{ least }} and {{ most }}
            then cast({{ number }} as {{ type }})
    end
{%- endmacro %}

{% macro postgres__epoch_to_local(column, unit) -%}
    {%- set factor = {'seconds': 1000, 'milliseconds': 1}[unit] -%}
    {%- set epoch = 'cast(substring(' ~ column ~ " from '^" ~ epoch_pattern() ~ "$') as numeric)" -%}
    case
        when length({{ column }}) > 200 then null
        when {{ epoch }} between {{ 1262304000000 // factor }} and {{ 4102444800000 // factor }}
            then
                timestamp '1970-01-01'
                + cast({{ epoch }} * {{ factor }} + 28800000 as double precision) * interval '1 millisecond'
    end
{%- endmacro %}

{#
    make_timestamp() stops at a 31st of February, and to_timestamp() at some of them and not at others: days are counted
    from the first of their month, and have to be in it.
#}
{% macro postgres__text_to_local(column, format) -%}
    {%- set place = {} -%}
    {%- for field in strptime_fields(format) -%}
        {%- do place.update({field: 'cast(part[' ~ loop.index ~ '] as integer)'}) -%}
    {%- endfor -%}
    (
        select
            first_day + make_interval(
                days => {{ place['d'] }} - 1,
                hours => {{ place.get('H', 0) }},
                mins => {{ place.get('M', 0) }},
                secs => {{ place.get('S', 0) }}
            )
        from regexp_match({{ trimmed(column) }}, '^{{ strptime_pattern(format) }}$') as found (part)
        cross join lateral make_date({{ place['Y'] }}, {{ place['m'] }}, 1) as month_of_day (first_day)
        where {{ place['d'] }} <= extract(day from first_day + interval '1 month' - interval '1 day')
    )
{%- endmacro %}

{# Of an empty text, string_to_array makes no part, where the others make an empty one. #}
{% macro postgres__split_to_rows(column, delimiter) -%}
    {{ trimmed("unnest(coalesce(nullif(string_to_array(" ~ column ~ ", '" ~ delimiter ~ "'), '{}'), array['']))") }}
{%- endmacro %}

{% macro postgres__is_key_list(column, prefixes) -%}
    {{ column }} ~ '^({{ key_list_pattern(prefixes) }})$'
{%- endmacro %}

{% macro postgres__is_rounded_number(column) -%}
    {{ column }} ~ '^{{ rounded_number_pattern() }}$'
{%- endmacro %}
