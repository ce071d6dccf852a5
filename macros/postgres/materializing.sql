{#
    A table with a contract takes the types of its contract, which DuckDB is held to exactly: sums have other types here.
    Without statistics the planner joins large tables by nested loops, and nothing gathers them between two models.
#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    create {{ 'temporary' if temporary }} table {{ relation }} as (
        {{ in_declared_types(sql) if model.resource_type == 'model' else sql }}
    );
    analyze {{ relation }};
{%- endmacro %}

{% macro postgres__create_view_as(relation, sql) -%}
    create view {{ relation }} as (
        {{ in_declared_types(sql) }}
    );
{%- endmacro %}
