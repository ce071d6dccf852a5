{%- set checks = [
    ('export_name', "rejected_export_name is null", 'a rejected row that does not say of which export it is'),
    ('problem_reason', "rejected_reason is null", 'a rejected row without a reason'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('ingest__rejected_rows') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('export_name')) }} as rejected_export_name,
        -- a row that does not fit its header has no single cell at fault
        coalesce({{ clean_text(raw('problem_column')) }}, '_source_row') as rejected_column,
        nullif({{ raw('problem_value') }}, '') as rejected_value,
        {{ clean_text(raw('problem_reason')) }} as rejected_reason,
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
        rejected_export_name,
        rejected_column,
        rejected_value,
        rejected_reason,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
