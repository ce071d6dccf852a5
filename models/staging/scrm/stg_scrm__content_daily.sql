with accepted as (
    select *
    from {{ ref('base_scrm__content_daily') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by content_id, stat_date
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        stat_date,
        content_id,
        view_count,
        click_count,
        comment_count,
        like_count,
        share_count,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
