{#
    Schemas are called as dbt_project.yml says. A target whose own schema is not `main` has it in front of each, so that
    several people have a place each on one server.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{- place((custom_schema_name or target.schema) | trim) -}}
{%- endmacro %}

{# Name on the running target of a schema that the project calls by this name. #}
{% macro place(schema) -%}
    {{- schema if target.schema in ['main', schema] else target.schema ~ '_' ~ schema -}}
{%- endmacro %}
