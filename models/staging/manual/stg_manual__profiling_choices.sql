-- a sheet kept by hand replaces itself: the newest version of a file counts, and what was struck out of it is gone
with date_versions as (
    select
        *,
        max(exported_at) over (partition by source_file) as newest_export_at
    from {{ ref('base_manual__profiling_choices') }}
),

accepted as (
    select *
    from date_versions
    where problem_column is null and exported_at = newest_export_at
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by customer_key, effective_date
            -- two choices of one day: the one that allows less
            order by has_opted_out desc, exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        customer_key,
        has_opted_out,
        effective_date,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
