{# Text key of a row: its parts as text with | between them. NULL as soon as one part is NULL. #}
{% macro composite_key(parts) -%}
    {%- set fields = [] -%}
    {%- for part in parts -%}
        {%- if not loop.first -%}{%- do fields.append("'|'") -%}{%- endif -%}
        {%- do fields.append('cast(' ~ part ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- endfor -%}
    {{ dbt.concat(fields) }}
{%- endmacro %}
