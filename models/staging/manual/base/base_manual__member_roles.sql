{%- set checks = [
    ('member_key', "member_key is null", 'the row has no key: fill it or remove the row'),
    ('member_key', "member_key is not null and left(member_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('role', "role is null", 'missing or does not parse as text'),
    ('role', "role is not null and role not in (" ~ contract_values('manual__member_roles', 'role') ~ ")",
        'unknown role: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__member_roles') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('member_key')) }} as member_key,
        {{ clean_text(raw('role')) }} as role,
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
        member_key,
        role,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
