{%- set checks = [
    ('course_id', "course_id is null", 'the row has no key: fill it or remove the row'),
    ('user_key', "learner_key is null", 'the row has no key: fill it or remove the row'),
    ('user_key',
        "left(learner_key, 3) not in ('wm_', 'un_', 'st_')",
        'not a pseudonymous key (wm_…, un_…, st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('enroll_type',
        "enroll_type is null or enroll_type not in ("
        ~ contract_values('xiaoetong__learning', 'enroll_type') ~ ")",
        'blank or unknown enroll_type: add it to the staging model once its meaning is known'),
    ('enrolled_at', "enrolled_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('lessons_total', "lessons_total is null or lessons_total < 1", 'missing or no whole number from 1 on'),
    ('lessons_finished', "lessons_finished is null or lessons_finished < 0", 'missing or no whole number from 0 on'),
    ('finished_at', "finished_at is null and " ~ clean_text(raw('finished_at')) ~ " is not null",
        'does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('xiaoetong__learning') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('course_id')) }} as course_id,
        {{ clean_text(raw('user_key')) }} as learner_key,
        {{ clean_text(raw('enroll_type')) }} as enroll_type,
        {{ text_to_local(raw('enrolled_at'), '%Y-%m-%d %H:%M:%S') }} as enrolled_at,
        {{ parse_number(raw('lessons_total'), 'integer') }} as lessons_total,
        {{ parse_number(raw('lessons_finished'), 'integer') }} as lessons_finished,
        {{ text_to_local(raw('finished_at'), '%Y-%m-%d %H:%M:%S') }} as finished_at,
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
        learner_key,
        enroll_type,
        enrolled_at,
        lessons_total,
        lessons_finished,
        finished_at,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
