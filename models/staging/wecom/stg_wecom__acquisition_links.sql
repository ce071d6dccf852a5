with accepted as (
    select *
    from {{ ref('base_wecom__acquisition_links') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by link_id, stat_date
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        link_id,
        link_name,
        stat_date,
        clicked_persons,
        new_contacts,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
