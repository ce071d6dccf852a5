{%- set checks = [
    ('course_id', "course_id is null", 'the row has no key: fill it or remove the row'),
    ('开课日期', "first_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('结课日期', "last_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('结课日期', "last_date < first_date", 'ends before it starts'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__courses') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('course_id')) }} as course_id,
        {{ clean_text(raw('课程名称')) }} as course_name,
        {{ clean_text(raw('体验群')) }} as trial_chat_id,
        {{ clean_text(raw('会员群')) }} as member_chat_id,
        cast({{ text_to_local(raw('开课日期'), '%Y/%m/%d') }} as date) as first_date,
        cast({{ text_to_local(raw('结课日期'), '%Y/%m/%d') }} as date) as last_date,
        {{ lineage_columns() }}
    from source
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from interpret_cells
),

final as (
    select
        course_id,
        course_name,
        trial_chat_id,
        member_chat_id,
        first_date,
        last_date,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
