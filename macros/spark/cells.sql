{#
    Spark's casts read more than DuckDB's: full-width digits, 1e3. Cells go through the patterns first; \z is the end,
    where Java's $ lets a line break follow. Patterns are raw texts, r'…', for Spark reads backslashes in others.
#}

{% macro spark__trimmed(expression) -%}
    trim(both ' \u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u205F\u3000' from {{ expression }})
{%- endmacro %}

{% macro spark__clean_text(column, export_name) -%}
    case when {{ trimmed(column) }} not in ({{ null_likes(export_name) }}) then {{ trimmed(column) }} end
{%- endmacro %}

{# The digits of the number that a text is; an empty text, which casts to NULL, where it is none. #}
{% macro digits_of_text(expression) -%}
    replace(regexp_extract({{ expression }}, r'^{{ number_pattern() }}\z', 1), '_', '')
{%- endmacro %}

{# A cast to a whole number cuts decimals off, where the others' rounds. #}
{% macro spark__try_cast_to(expression, type) -%}
    {%- set scale, least, most = number_limits(type) -%}
    try_cast(round(try_cast({{ digits_of_text(expression) }} as decimal(38, {{ scale + 1 }})), {{ scale }}) as {{ type }})
{%- endmacro %}

{% macro spark__parse_number(column, type) -%}
    {%- set number =
        'try_cast(' ~ digits_of_text('translate(' ~ trimmed(column) ~ ", ',¥￥', '')") ~ ' as decimal(30, 6))' -%}
    case
        when {{ number }} = try_cast({{ number }} as {{ type }}) then try_cast({{ number }} as {{ type }})
    end
{%- endmacro %}

{% macro spark__epoch_to_local(column, unit) -%}
    {%- set factor = {'seconds': 1000, 'milliseconds': 1}[unit] -%}
    {%- set epoch = 'try_cast(regexp_extract(' ~ column ~ ", r'^" ~ epoch_pattern() ~ "\\z', 1) as bigint)" -%}
    case
        when {{ epoch }} between {{ 1262304000000 // factor }} and {{ 4102444800000 // factor }}
            then timestamp_millis({{ epoch }} * {{ factor }} + 28800000)
    end
{%- endmacro %}

{% macro spark__text_to_local(column, format) -%}
    {%- set letters = {'Y': 'yyyy', 'm': 'M', 'd': 'd', 'H': 'H', 'M': 'm', 'S': 's'} -%}
    {%- set pattern = namespace(text=format) -%}
    {%- for field in strptime_fields(format) -%}
        {%- set pattern.text = pattern.text | replace('%' ~ field, letters[field]) -%}
    {%- endfor -%}
    case
        when {{ trimmed(column) }} rlike r'^{{ strptime_pattern(format) }}\z'
            then try_to_timestamp(trim(regexp_replace({{ trimmed(column) }}, r'{{ blank()[:-1] }}+', ' ')), '{{ pattern.text }}')
    end
{%- endmacro %}

{# A generator cannot stand inside another function, and split() takes its delimiter for a pattern. #}
{% macro spark__split_to_rows(column, delimiter) -%}
    explode(transform(split({{ column }}, r'\Q{{ delimiter }}\E'), part -> {{ trimmed('part') }}))
{%- endmacro %}

{% macro spark__is_key_list(column, prefixes) -%}
    {{ column }} rlike r'^({{ key_list_pattern(prefixes) }})\z'
{%- endmacro %}

{% macro spark__is_rounded_number(column) -%}
    {{ column }} rlike r'^{{ rounded_number_pattern() }}\z'
{%- endmacro %}
