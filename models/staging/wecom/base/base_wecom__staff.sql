{%- set checks = [
    ('userid', "staff_key is null", 'the row has no key: fill it or remove the row'),
    ('userid', "staff_key is not null and left(staff_key, 3) != 'st_'",
        'not a pseudonymous key (st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('status',
        "employment_status is not null and employment_status not in ("
        ~ contract_values('wecom__staff', 'status') ~ ")",
        'unknown staff status: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__staff') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('userid')) }} as staff_key,
        {{ clean_text(raw('department')) }} as department,
        {{ clean_text(raw('position')) }} as position,
        {{ clean_text(raw('status')) }} as employment_status,
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
        staff_key,
        department,
        position,
        employment_status,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
