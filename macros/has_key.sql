{#-
    Generic test: one row per key. No two rows share the values of all the columns (nulls compare as equal), a key of one
    column is never null, nor are the columns that are `filled`, and columns hold what is `accepted` for them, or null.
    One row is reported for each key that is there more than once, for each column with nulls, and for each other value.

    One test looks for all of it, because at the size of most tables a test costs what dbt spends on a node. On long ones
    memory is what costs in DuckDB: rows are grouped by eight bytes, the hash of their key, and only those that share a hash, which
    is none where all is well, by the key itself. So nothing is sampled, and two keys of one hash raise no alarm.
    Nulls cost nothing: DuckDB knows from its statistics where there are none.

    Names are given as a set, `{community_id, date_day}`, a mapping without values: dbt renders each text of a list as a
    template of its own, which costs as much as the query of a small table, and renders no key of a mapping.
    It stands here, not in tests/generic, where dbt 1.12 does not see the arguments that _macros.yml describes.
-#}
{% test has_key(model, columns, filled={}, accepted={}) %}
    {%- set never_null = ((columns | list if columns | length == 1 else []) + filled | list) | unique -%}
    with group_keys as (
        select
            {{ columns | join(',\n            ') }},
            count(*) as rows_here
        from {{ model }}
        {{ where_hash_repeats(model, columns) }}
        group by {{ columns | join(', ') }}
        having count(*) > 1
    )

    select
        'more than one row' as problem,
        '{{ columns | join(", ") }}' as column_name,
        concat_ws(', ' {%- for column in columns %}, coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null') {%- endfor %}) as column_value,
        rows_here
    from group_keys
    {%- for column in never_null %}
    union all
    select
        'null' as problem,
        '{{ column }}' as column_name,
        null as column_value,
        count(*) as rows_here
    from {{ model }}
    where {{ column }} is null
    having count(*) > 0
    {%- endfor %}
    {%- for column, values in accepted.items() %}
    union all
    select
        'none of the accepted values' as problem,
        '{{ column }}' as column_name,
        cast({{ column }} as {{ dbt.type_string() }}) as column_value,
        count(*) as rows_here
    from {{ model }}
    where {{ column }} not in ({% for value in values %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %})
    group by {{ column }}
    {%- endfor %}
{% endtest %}

{# Condition that leaves of a relation the rows whose hash another row has, where that saves the engine memory. #}
{% macro where_hash_repeats(model, columns) -%}
    {{ return(adapter.dispatch('where_hash_repeats', 'community_metrics')(model, columns)) }}
{%- endmacro %}

{% macro default__where_hash_repeats(model, columns) -%}
    where {{ row_hash(columns) }} in (
            select {{ row_hash(columns) }} from {{ model }} group by 1 having count(*) > 1
        )
{%- endmacro %}
