{#
    Numbers are compared as numbers: dbt compares what a row of a unit test says with what the model says as text, and a
    decimal of PostgreSQL has as many digits as what it was computed from. The names of the two queries are dbt's, for it
    writes a test that expects no row in terms of the first.
#}
{% macro postgres__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {%- set queries = {'actual': main_sql, 'expected': expected_fixture_sql} -%}
    {%- for label, query in queries.items() %}
    {{ ', ' if not loop.first else 'with ' }}dbt_internal_unit_test_{{ label }} as (
        {{ query }}
    )
    {%- endfor %}
    {%- for label in queries %}
    select
        {%- for column in expected_column_names %}
        case
            when cast(pg_typeof({{ column }}) as text) = 'numeric'
                then regexp_replace(cast({{ column }} as text), '[.]0*$|([.][0-9]*[1-9])0+$', '\1')
            else cast({{ column }} as text)
        end as {{ column }},
        {%- endfor %}
        '{{ label }}' as actual_or_expected
    from dbt_internal_unit_test_{{ label }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
