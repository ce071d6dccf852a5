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

spanned_days as (
    select
        'day_spine' as macro_name,
        cases.first_day || ' to ' || cases.last_day as case_name,
        cases.expected,
        cast({{ day_spine('cast(cases.first_day as date)', 'cast(cases.last_day as date)') }} as date) as date_day
    from (
        values
        ('2024-02-28', '2024-03-01', '3 days to 2024-03-01'), ('2026-02-28', '2026-03-01', '2 days to 2026-03-01'),
        ('2025-12-31', '2026-01-01', '2 days to 2026-01-01'), ('2026-01-01', '2026-01-01', '1 days to 2026-01-01')
    ) as cases (first_day, last_day, expected)
),

spines as (
    select
        macro_name,
        case_name,
        expected,
        cast(count(distinct date_day) as {{ dbt.type_string() }}) || ' days to '
        || cast(max(date_day) as {{ dbt.type_string() }}) as found
    from spanned_days
    group by macro_name, case_name, expected
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
    select * from splits
    union all
    select * from problems
)

select *
from gather_answers
where found is distinct from expected
