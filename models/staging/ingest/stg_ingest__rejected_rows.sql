with accepted as (
    select *
    from {{ ref('base_ingest__rejected_rows') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by rejected_export_name, source_file, source_row, exported_at, rejected_column
            order by rejected_reason, rejected_value
        ) as copy_number
    from accepted
),

final as (
    select
        rejected_export_name as export_name,
        rejected_column,
        rejected_value,
        rejected_reason,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
