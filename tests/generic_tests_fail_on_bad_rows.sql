-- The generic tests, held over rows that are right and rows that are wrong: how many each must report.
{% set twice = "(values (1, 'a'), (1, 'a'), (1, 'b'), (2, 'a')) as bad_rows (id, kind)" %}
{% set no_kind = 'cast(null as ' ~ dbt.type_string() ~ ')' %}
{% set twice_without_kind = '(values (1, ' ~ no_kind ~ '), (1, null), (2, null)) as bad_rows (id, kind)' %}
{% set once = "(values (1, 'a'), (1, 'b'), (2, 'a'), (2, null)) as good_rows (id, kind)" %}
{% set amounts = "(values (1), (0), (-1), (null)) as bad_rows (amount)" %}
{% set sound_amounts = "(values (1), (0)) as good_rows (amount)" %}

with reports as (
    select
        'has_key: a pair that is there twice' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_has_key(twice, ['id', 'kind']) }}) as reported
    union all
    select
        'has_key: nulls are equal' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_has_key(twice_without_kind, ['id', 'kind']) }}) as reported
    union all
    select
        'has_key: one column of the pair alone is not the key' as case_name,
        0 as expected,
        count(*) as found
    from ({{ test_has_key(once, ['id', 'kind']) }}) as reported
    union all
    select
        'has_key: a key of one column is there twice' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_has_key(twice, ['id']) }}) as reported
    union all
    select
        'has_key: a key of one column is null' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_has_key(amounts, ['amount']) }}) as reported
    union all
    select
        'has_key: a filled column of two is null' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_has_key(once, ['id', 'kind'], ['kind']) }}) as reported
    union all
    select
        'has_key: each value that is not accepted' as case_name,
        3 as expected,
        count(*) as found
    from ({{ test_has_key(amounts, ['amount'], [], {'amount': [1]}) }}) as reported
    union all
    select
        'has_key: what is accepted, or null' as case_name,
        0 as expected,
        count(*) as found
    from ({{ test_has_key(once, ['id', 'kind'], [], {'kind': ['a', 'b']}) }}) as reported
    union all
    -- the rows that are reported say what is wrong, where, with which value and how often
    select
        'has_key: a row is reported as problem, column, value and rows' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_has_key(twice, ['id', 'kind']) }}) as reported
    where problem = 'more than one row' and column_name = 'id, kind' and column_value = '1, a' and rows_here = 2
    union all
    select
        'has_key: a value is reported as problem, column, value and rows' as case_name,
        1 as expected,
        count(*) as found
    from ({{ test_has_key(twice, ['id', 'kind'], [], {'kind': ['a']}) }}) as reported
    where problem = 'none of the accepted values' and column_name = 'kind' and column_value = 'b' and rows_here = 1
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
