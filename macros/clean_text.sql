{# Text of a raw cell: trimmed, with the ways a platform writes "nothing" turned into NULL. #}
{% macro clean_text(column) -%}
    case
        when trim({{ column }}) in ('', '-', '—', '——', '/', 'N/A', '?') then null
        else trim({{ column }})
    end
{%- endmacro %}
