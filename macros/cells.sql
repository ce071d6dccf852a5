{#
    Text of a raw cell: trimmed, with the ways a platform writes "nothing" turned into NULL; an export whose contract
    has a list of its own is named.
#}
{% macro clean_text(column, export_name=none) -%}
    {{ return(adapter.dispatch('clean_text', 'community_metrics')(column, export_name)) }}
{%- endmacro %}

{#
    list_position, not IN: DuckDB makes a join of an IN with more than five words, one for each cell that is read, and
    computes every cell of a column that Parquet stores as a dictionary. A function is computed once per distinct cell.
    Keys are different in each row: those that are ASCII without spaces around, and longer than any such word, are taken
    as they are, for trim() goes through a cell character by character.
#}
{% macro default__clean_text(column, export_name) -%}
    {%- set longest_bytes = 3 * (null_likes(export_name).split(', ') | map('length') | max) -%}
    case
        when
            strlen({{ column }}) > {{ longest_bytes }} and strlen({{ column }}) = length({{ column }})
            and not starts_with({{ column }}, ' ') and not ends_with({{ column }}, ' ')
            then {{ column }}
        when list_position([{{ null_likes(export_name) }}], trim({{ column }})) is null then trim({{ column }})
    end
{%- endmacro %}

{# A text without the spaces around it, those of Unicode too, such as the full-width one. #}
{% macro trimmed(expression) -%}
    {{ return(adapter.dispatch('trimmed', 'community_metrics')(expression)) }}
{%- endmacro %}

{% macro default__trimmed(expression) -%}
    trim({{ expression }})
{%- endmacro %}

{# A cell of a WeChat Pay bill without the backtick before it, which keeps spreadsheets from rounding long numbers. #}
{% macro bill_cell(column) -%}
    replace({{ column }}, '`', '')
{%- endmacro %}

{# A cast that gives NULL instead of an error. dbt's own safe_cast is a plain cast on DuckDB, PostgreSQL and Spark. #}
{% macro try_cast_to(expression, type) -%}
    {{ return(adapter.dispatch('try_cast_to', 'community_metrics')(expression, type)) }}
{%- endmacro %}

{% macro default__try_cast_to(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}

{#
    A number as platforms write it: spaces, thousands separators and both yen signs removed.
    NULL if it does not parse or has more decimals than the type holds: a rounded number would be a wrong number.
    So would be one that a spreadsheet has shortened to 1.23E+05, for its last digits are lost.
    Most cells are written as the type itself is, and need not be cleaned: that takes a tenth of the time.
#}
{% macro parse_number(column, type) -%}
    {{ return(adapter.dispatch('parse_number', 'community_metrics')(column, type)) }}
{%- endmacro %}

{% macro default__parse_number(column, type) -%}
    {%- set digits = "replace(replace(replace(" ~ clean_text(column) ~ ", ',', ''), '¥', ''), '￥', '')" -%}
    {%- set exact = try_cast_to(digits, 'decimal(30, 6)') -%}
    {%- set plain = try_cast_to(column, type) -%}
    case
        when {{ column }} = '' then null
        when cast({{ plain }} as varchar) = {{ column }} then {{ plain }}
        when lower({{ column }}) not like '%e%' and {{ exact }} = {{ try_cast_to(exact, type) }}
            then {{ try_cast_to(exact, type) }}
    end
{%- endmacro %}

{#
    Yuan from a cell in yuan or in fen, as decimal(18, 2).
    Fen are whole numbers; a fraction of a fen or of a cent is NULL.
#}
{% macro parse_money(column, unit) -%}
    {%- if unit == 'fen' -%}
    cast({{ parse_number(column, 'bigint') }} * cast(0.01 as decimal(3, 2)) as decimal(18, 2))
    {%- elif unit == 'yuan' -%}
    {{ parse_number(column, 'decimal(18, 2)') }}
    {%- else -%}
    {{ exceptions.raise_compiler_error("parse_money: unit must be 'fen' or 'yuan', got '" ~ unit ~ "'") }}
    {%- endif -%}
{%- endmacro %}

{#
    Wall-clock time of Asia/Shanghai from a Unix epoch in the stated unit ('seconds' or 'milliseconds').
    NULL outside 2010 to 2100: seconds read as milliseconds land in 1970, the reverse beyond the year 50000.
    NULL unless all digits are there: 1.7672E+12, as a spreadsheet shortens it, would be a time some minutes away.
#}
{% macro epoch_to_local(column, unit) -%}
    {{ return(adapter.dispatch('epoch_to_local', 'community_metrics')(column, unit)) }}
{%- endmacro %}

{% macro default__epoch_to_local(column, unit) -%}
    {%- set factor = {'seconds': 1000, 'milliseconds': 1}[unit] -%}
    {%- set epoch = try_cast_to(column, 'bigint') -%}
    {#- a number that is written as the cell is has all its digits, and the pattern need not be asked; a cast takes
    spaces around for nothing; between 2010 and 2100 Shanghai is eight hours ahead, and adding them is much cheaper than
    asking for a zone twice -#}
    case
        when
            (cast({{ epoch }} as varchar) = {{ column }} or regexp_full_match(trim({{ column }}), '[0-9]+(\.0*)?'))
            and {{ epoch }} between {{ 1262304000000 // factor }} and {{ 4102444800000 // factor }}
            then epoch_ms({{ epoch }} * {{ factor }} + 28800000)
    end
{%- endmacro %}

{# Local wall-clock text in a strptime format to a timestamp; NULL if it does not parse or lies outside 2010 to 2100. #}
{% macro text_to_local(column, format) -%}
    {{ return(adapter.dispatch('text_to_local', 'community_metrics')(column, format)) }}
{%- endmacro %}

{% macro default__text_to_local(column, format) -%}
    {%- set moment = 'try_strptime(' ~ clean_text(column) ~ ", '" ~ format ~ "')" -%}
    case
        when {{ moment }} >= timestamp '2010-01-01' and {{ moment }} < timestamp '2100-01-01' then {{ moment }}
    end
{%- endmacro %}

{# A set-returning expression: one row per trimmed part of a delimited text. Use it in a select list. #}
{% macro split_to_rows(column, delimiter) -%}
    {{ return(adapter.dispatch('split_to_rows', 'community_metrics')(column, delimiter)) }}
{%- endmacro %}

{% macro default__split_to_rows(column, delimiter) -%}
    trim(unnest(string_split({{ column }}, '{{ delimiter }}')))
{%- endmacro %}

{# True when every part of a comma-separated text has one of the key prefixes; NULL for NULL. #}
{% macro is_key_list(column, prefixes) -%}
    {{ return(adapter.dispatch('is_key_list', 'community_metrics')(column, prefixes)) }}
{%- endmacro %}

{% macro default__is_key_list(column, prefixes) -%}
    regexp_full_match({{ column }}, '{{ key_list_pattern(prefixes) }}')
{%- endmacro %}

{# True when a spreadsheet has turned a long number into 1.23457E+17: its last digits are lost. NULL for NULL. #}
{% macro is_rounded_number(column) -%}
    {{ return(adapter.dispatch('is_rounded_number', 'community_metrics')(column)) }}
{%- endmacro %}

{% macro default__is_rounded_number(column) -%}
    regexp_full_match({{ column }}, '{{ rounded_number_pattern() }}')
{%- endmacro %}

{#
    Patterns of whole cells, as all engines read them; each engine puts its own anchors around. Those of
    numbers and times are what a cast may be given: DuckDB's casts need none, the others' stop the build or read 12 of
    full-width digits.
#}
{% macro key_list_pattern(prefixes) -%}
    {%- set key = '(' ~ prefixes | join('|') ~ ')_[^,]+' -%}
    {{ return(key ~ '(,' ~ key ~ ')*') }}
{%- endmacro %}

{% macro rounded_number_pattern() -%}
    {{ return('[0-9]([.][0-9]+)?[eE][+][0-9]+') }}
{%- endmacro %}

{# A number, whose digits DuckDB lets be parted by single underscores. #}
{% macro number_pattern() -%}
    {%- set digits = '[0-9]+(?:_[0-9]+)*' -%}
    {{ return(blank() ~ '([+-]?(?:' ~ digits ~ '(?:[.](?:' ~ digits ~ ')?)?|[.]' ~ digits ~ '))' ~ blank()) }}
{%- endmacro %}

{# An epoch: all digits there, and nothing after the point. #}
{% macro epoch_pattern() -%}
    {{ return(' *([0-9]+)(?:[.]0*)? *') }}
{%- endmacro %}

{# A time in a strptime format, between 2010 and 2100: one pair of brackets for each of strptime_fields(). #}
{% macro strptime_pattern(format) -%}
    {%- set parts = {
        '%Y': '(20[1-9][0-9])', '%m': '(1[0-2]|0?[1-9])', '%d': '(3[01]|[12][0-9]|0?[1-9])', '%H': '(2[0-3]|[01]?[0-9])',
        '%M': '([0-5]?[0-9])', '%S': '([0-5]?[0-9])', ' ': blank()[:-1] ~ '+',
    } -%}
    {%- set pattern = namespace(text=format) -%}
    {%- for code, part in parts.items() -%}{%- set pattern.text = pattern.text | replace(code, part) -%}{%- endfor -%}
    {{ return(blank() ~ pattern.text ~ blank()) }}
{%- endmacro %}

{# Letters of the fields of a strptime format in their order: Y, m, d, H, M, S. #}
{% macro strptime_fields(format) -%}
    {{ return(modules.re.findall('%(.)', format)) }}
{%- endmacro %}

{# What casts take for nothing around a number: a space, and what tab to carriage return are in ASCII. #}
{% macro blank() -%}
    {{ return('[ \\t-\\r]*') }}
{%- endmacro %}

{# Decimals of a type of numbers, the least and the greatest number that it holds. #}
{% macro number_limits(type) -%}
    {%- if type == 'integer' -%}{{ return((0, '-2147483648', '2147483647')) }}{%- endif -%}
    {%- if type == 'bigint' -%}{{ return((0, '-9223372036854775808', '9223372036854775807')) }}{%- endif -%}
    {%- set digits = modules.re.findall('[0-9]+', type) -%}
    {%- if not type.startswith('decimal(') or digits | length != 2 -%}
        {{ exceptions.raise_compiler_error("try_cast_to: integer, bigint or decimal(p, s), got '" ~ type ~ "'") }}
    {%- endif -%}
    {%- set scale = digits[1] | int -%}
    {%- set most = '9' * (digits[0] | int - scale) ~ '.' ~ '9' * scale -%}
    {{ return((scale, '-' ~ most, most)) }}
{%- endmacro %}
