{#
    Wall-clock time of Asia/Shanghai from a Unix epoch in the stated unit ('seconds' or 'milliseconds').
    NULL outside 2010 to 2100: seconds read as milliseconds land in 1970, the reverse beyond the year 50000.
#}
{% macro epoch_to_local(column, unit) -%}
    {{ return(adapter.dispatch('epoch_to_local', 'community_metrics')(column, unit)) }}
{%- endmacro %}

{% macro default__epoch_to_local(column, unit) -%}
    {%- set factor = {'seconds': 1000, 'milliseconds': 1}[unit] -%}
    case
        when {{ try_cast_to('trim(' ~ column ~ ')', 'bigint') }} between {{ 1262304000000 // factor }} and {{ 4102444800000 // factor }}
            then timezone('Asia/Shanghai', timezone('UTC', epoch_ms({{ try_cast_to('trim(' ~ column ~ ')', 'bigint') }} * {{ factor }})))
    end
{%- endmacro %}

{# Local wall-clock text in a strptime format to a timestamp; NULL if it does not parse or lies outside 2010 to 2100. #}
{% macro text_to_local(column, format) -%}
    {{ return(adapter.dispatch('text_to_local', 'community_metrics')(column, format)) }}
{%- endmacro %}

{% macro default__text_to_local(column, format) -%}
    case
        when try_strptime({{ clean_text(column) }}, '{{ format }}') >= timestamp '2010-01-01'
            and try_strptime({{ clean_text(column) }}, '{{ format }}') < timestamp '2100-01-01'
            then try_strptime({{ clean_text(column) }}, '{{ format }}')
    end
{%- endmacro %}
