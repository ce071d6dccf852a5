with accepted as (
    select *
    from {{ ref('base_wechat_official__articles') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by article_id, stat_date
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        article_id,
        title,
        published_date,
        stat_date,
        readers,
        sharers,
        likers,
        recommenders,
        comment_count,
        collectors,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
