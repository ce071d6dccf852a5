-- What the macros that compute must answer, case by case: rows that differ are errors of the macro.
with shares as (
    select
        'share_of_amount' as macro_name,
        cases.amount || ' * ' || cases.part || ' / ' || cases.whole as case_name,
        cases.expected,
        cast(
            {{ share_of_amount(
                'cast(cases.amount as decimal(18, 2))', 'cast(cases.part as integer)', 'cast(cases.whole as integer)'
            ) }} as {{ dbt.type_string() }}
        ) as found
    from (
        values
        ('9.99', '1', '2', '5.00'), ('0.01', '1', '2', '0.01'), ('0.01', '1', '3', '0.00'), ('1.15', '1', '10', '0.12'),
        ('100.00', '1', '3', '33.33'), ('100.00', '2', '3', '66.67'), ('100.00', '3', '3', '100.00'),
        ('100.00', '0', '3', '0.00'), ('0.00', '1', '3', '0.00'), ('12345678901.23', '7', '7', '12345678901.23'),
        -- a credit note is the mirror of the cost it takes back
        ('-100.00', '3', '3', '-100.00'), ('-100.00', '2', '3', '-66.67'), ('-9.99', '1', '2', '-5.00'),
        ('-0.01', '1', '3', '0.00')
    ) as cases (amount, part, whole, expected)
),

keys as (
    select
        'composite_key' as macro_name,
        coalesce(cases.day_text, 'null') || ', ' || coalesce(cases.person, 'null') as case_name,
        cases.expected,
        {{ composite_key(['cast(cases.day_text as date)', 'cases.person', '7']) }} as found
    from (
        values
        ('2026-01-31', 'p', '2026-01-31|p|7'), ('2024-02-29', '', '2024-02-29||7'),
        ('2026-01-31', null, null), (null, 'p', null)
    ) as cases (day_text, person, expected)
),

key_lists as (
    select
        'is_key_list' as macro_name,
        coalesce(cases.cell, 'null') as case_name,
        cases.expected,
        case
            when {{ is_key_list('cases.cell', ['wm', 'st']) }} then 'true'
            when not {{ is_key_list('cases.cell', ['wm', 'st']) }} then 'false'
        end as found
    from (
        values
        ('wm_a', 'true'), ('wm_a,st_b', 'true'), ('wm_', 'false'), ('wm_a,', 'false'), ('wm_a,,st_b', 'false'),
        ('wm_a,13800000000', 'false'), ('13800000000,wm_a', 'false'), ('xwm_a', 'false'), ('WM_a', 'false'),
        ('ph_a', 'false'), ('', 'false'), (null, null)
    ) as cases (cell, expected)
),

rounded_numbers as (
    select
        'is_rounded_number' as macro_name,
        coalesce(cases.cell, 'null') as case_name,
        cases.expected,
        case
            when {{ is_rounded_number('cases.cell') }} then 'true'
            when not {{ is_rounded_number('cases.cell') }} then 'false'
        end as found
    from (
        values
        ('1.23457E+17', 'true'), ('3.7e+18', 'true'), ('4E+27', 'true'), ('4200377619264512178516985169', 'false'),
        ('E20260101', 'false'), ('1E17', 'false'), ('', 'false'), (null, null)
    ) as cases (cell, expected)
),

weekdays as (
    select
        'iso_weekday' as macro_name,
        cases.day_text as case_name,
        cases.expected,
        cast(cast({{ iso_weekday('cast(cases.day_text as date)') }} as integer) as {{ dbt.type_string() }}) as found
    from (
        values
        ('2026-01-05', '1'), ('2026-01-10', '6'), ('2026-01-11', '7'), ('2024-02-29', '4'), ('2026-01-01', '4')
    ) as cases (day_text, expected)
),

spine_cases as (
    select cases.*
    from (
        values
        (1, '2024-02-28', '2024-03-01', '3 days to 2024-03-01'),
        (2, '2026-02-28', '2026-03-01', '2 days to 2026-03-01'),
        (3, '2025-12-31', '2026-01-01', '2 days to 2026-01-01'),
        (4, '2026-01-01', '2026-01-01', '1 days to 2026-01-01'),
        (5, '2026-01-02', '2026-01-01', 'no day'), (6, '2026-01-02', null, 'no day'), (7, null, '2026-01-02', 'no day')
    ) as cases (case_number, first_day, last_day, expected)
),

spanned_days as (
    select
        case_number,
        {{ day_spine('cast(first_day as date)', 'cast(last_day as date)') }} as date_day
    from spine_cases
),

spines as (
    select
        'day_spine' as macro_name,
        coalesce(spine_cases.first_day, 'null') || ' to ' || coalesce(spine_cases.last_day, 'null') as case_name,
        spine_cases.expected,
        coalesce(
            cast(nullif(count(distinct spanned_days.date_day), 0) as {{ dbt.type_string() }}) || ' days to '
            || cast(max(spanned_days.date_day) as {{ dbt.type_string() }}),
            'no day'
        ) as found
    from spine_cases
    left join spanned_days on spine_cases.case_number = spanned_days.case_number
    group by spine_cases.first_day, spine_cases.last_day, spine_cases.expected
),

slots as (
    select
        'time_slot' as macro_name,
        cases.moment as case_name,
        cases.expected,
        cast(
            cast({{ time_slot('cast(cases.moment as timestamp)', 60) }} as bigint) as {{ dbt.type_string() }}
        ) as found
    from (
        values
        ('2026-01-01 00:00:00', '29453760'), ('2026-01-01 00:00:59.999', '29453760'),
        ('2026-01-01 00:01:00', '29453761'), (null, null)
    ) as cases (moment, expected)
),

-- dbt's own: they answer NULL for NULL, and count the boundaries between two times
{% set first_at, last_at, spans = 'cast(cases.first_at as timestamp)', 'cast(cases.last_at as timestamp)', [] -%}
{% for datepart in ['month', 'day', 'second', 'millisecond'] -%}
{% do spans.append('cast(' ~ dbt.datediff(first_at, last_at, datepart) ~ ' as bigint)') -%}
{% endfor -%}

between_times as (
    select
        'datediff' as macro_name,
        coalesce(cases.first_at, 'null') || ' to ' || coalesce(cases.last_at, 'null') as case_name,
        cases.expected,
        {{ composite_key(spans) }} as found
    from (
        values
        ('2026-01-31 23:59:59.999', '2026-02-01 00:00:00', '1|1|1|1'),
        ('2026-01-01 00:00:00', '2026-01-31 23:59:59.999', '0|30|2678399|2678399999'),
        ('2026-02-01 00:00:00.250', '2025-12-31 00:00:00.125', '-2|-32|-2764800|-2764800125'),
        ('2026-01-01 00:00:00', null, null), (null, '2026-01-01 00:00:00', null)
    ) as cases (first_at, last_at, expected)
),

added_days as (
    select
        'dateadd' as macro_name,
        coalesce(cases.first_day, 'null') as case_name,
        cases.expected,
        {{ composite_key([
            'cast(' ~ dbt.dateadd('day', 1, 'cast(cases.first_day as date)') ~ ' as date)',
            'cast(' ~ dbt.dateadd('month', -1, 'cast(cases.first_day as date)') ~ ' as date)',
        ]) }} as found
    from (
        values
        ('2024-02-28', '2024-02-29|2024-01-28'), ('2026-03-31', '2026-04-01|2026-02-28'), (null, null)
    ) as cases (first_day, expected)
),

-- a number of 32 bits holds neither
doubles as (
    select
        'as_double' as macro_name,
        cases.number_text as case_name,
        'true' as expected,
        case
            when
                cast(cases.number_text as decimal(18, 2))
                = cast({{ as_double('cases.number_text') }} as decimal(18, 2))
                then 'true'
        end as found
    from (values ('16777217.00'), ('1234567890.12'), ('-0.01')) as cases (number_text)
),

compared_rows as (
    select
        'row_hash' as macro_name,
        cases.case_name,
        cases.expected,
        case
            when {{ row_hash(['cases.first_a', 'cases.first_b']) }} = {{ row_hash(['cases.last_a', 'cases.last_b']) }}
                then 'equal'
            else 'different'
        end as found
    from (
        values
        ('same', 'a', 'b', 'a', 'b', 'equal'), ('same, one missing', null, 'b', null, 'b', 'equal'),
        ('other column is missing', 'a', null, null, 'a', 'different'), ('empty', 'a', '', 'a', null, 'different'),
        ('cut elsewhere', 'a,b', 'c', 'a', 'b,c', 'different'), ('swapped', 'a', 'b', 'b', 'a', 'different')
    ) as cases (case_name, first_a, first_b, last_a, last_b, expected)
),

-- not of a macro: texts are ordered by their bytes wherever rows are ranked, and what is missing comes last if asked to
orders as (
    select
        'order by' as macro_name,
        coalesce(cases.word, 'null') as case_name,
        cases.expected,
        cast(row_number() over (order by cases.word nulls last) as {{ dbt.type_string() }}) as found
    from (
        values
        ('wm_B', '2'), ('wm_a', '4'), ('wm-c', '1'), ('wm_Z', '3'), ('中', '5'), (null, '6')
    ) as cases (word, expected)
),

split_cells as (
    select
        cases.cell,
        cases.expected,
        {{ split_to_rows('cases.cell', ',') }} as part
    from (
        values
        ('one', '1: one to one'), ('two,one', '2: one to two'), (' a , b ', '2: a to b'), ('a,a', '2: a to a')
    ) as cases (cell, expected)
),

splits as (
    select
        'split_to_rows' as macro_name,
        cell as case_name,
        expected,
        cast(count(*) as {{ dbt.type_string() }}) || ': ' || min(part) || ' to ' || max(part) as found
    from split_cells
    group by cell, expected
),

{% set checks = [
    ('key', raw('key') ~ " = 'bad'", "first: it's a reason"),
    ('person', raw('person') ~ " like '138%'", 'second', 'hidden'),
    ('key', raw('key') ~ " like 'b%'", 'third'),
    ('day', raw('day') ~ " is null or " ~ raw('day') ~ " = ''", 'fourth'),
] -%}

number_problems as (
    select
        cases.*,
        {{ first_problem(checks) }} as problem_number
    from (
        values
        ('good', 'wm_1', '1', 'sound'), ('bad', '13800000000', '', 'key=bad: first: it''s a reason'),
        ('big', '13800000000', '1', 'person=13…: second'), ('big', 'wm_1', '', 'key=big: third'),
        ('good', 'wm_1', '', 'day=nothing: fourth'), ('good', 'wm_1', null, 'day=nothing: fourth')
    ) as cases ({{ raw('key') }}, {{ raw('person') }}, {{ raw('day') }}, expected)
),

marked_rows as (
    select
        *,
        {{ problem_columns(checks) }}
    from number_problems
),

problems as (
    select
        'first_problem' as macro_name,
        {{ raw('key') }} || ', ' || {{ raw('person') }} as case_name,
        expected,
        case
            when problem_column is null and problem_value is null and problem_reason is null then 'sound'
            else problem_column || '=' || coalesce(problem_value, 'nothing') || ': ' || problem_reason
        end as found
    from marked_rows
),

gather_answers as (
    select * from shares
    union all
    select * from keys
    union all
    select * from key_lists
    union all
    select * from rounded_numbers
    union all
    select * from weekdays
    union all
    select * from spines
    union all
    select * from slots
    union all
    select * from between_times
    union all
    select * from added_days
    union all
    select * from doubles
    union all
    select * from compared_rows
    union all
    select * from orders
    union all
    select * from splits
    union all
    select * from problems
)

select *
from gather_answers
where found is distinct from expected
