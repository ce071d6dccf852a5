-- The generic tests, held over rows that are right and rows that are wrong: how many each must report.
{% set twice = "(values (1, 'a'), (1, 'a'), (1, 'b'), (2, 'a')) as bad_rows (id, kind)" %}
{% set twice_without_kind = "(values (1, cast(null as varchar)), (1, null), (2, null)) as bad_rows (id, kind)" %}
{% set once = "(values (1, 'a'), (1, 'b'), (2, 'a'), (2, null)) as good_rows (id, kind)" %}
{% set amounts = "(values (1), (0), (-1), (null)) as bad_rows (amount)" %}
{% set sound_amounts = "(values (1), (0)) as good_rows (amount)" %}

with reports as (
    select
        'unique_combination: a pair that is there twice' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_unique_combination(twice, ['id', 'kind']) }}) as reported
    union all
    select
        'unique_combination: nulls are equal' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_unique_combination(twice_without_kind, ['id', 'kind']) }}) as reported
    union all
    select
        'unique_combination: one column of the pair alone is not the key' as case_name,
        0 as expected,
        count(*) as found
    from ({{ test_unique_combination(once, ['id', 'kind']) }}) as reported
    union all
    select
        'expression_is_true: false and null are reported' as case_name,
        2 as expected,
        count(*) as found
    from ({{ test_expression_is_true(amounts, 'amount >= 0') }}) as reported
    union all
    select
        'expression_is_true: true is not' as case_name,
        0 as expected,
        count(*) as found
    from ({{ test_expression_is_true(sound_amounts, 'amount >= 0') }}) as reported
)

select *
from reports
where found != expected
