{#-
    Generic test: no two rows share the same values in all the columns (nulls compare as equal).
    It stands here, not in tests/generic, where dbt 1.12 does not see the arguments that _macros.yml describes.
-#}
{% test unique_combination(model, columns) %}
    select
        {{ columns | join(',\n        ') }},
        count(*) as rows_with_this_key
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
