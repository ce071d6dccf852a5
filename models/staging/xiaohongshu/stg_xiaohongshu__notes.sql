with accepted as (
    select *
    from {{ ref('base_xiaohongshu__notes') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by note_title, published_at, exported_at
            order by source_file, source_row
        ) as copy_number
    from accepted
),

final as (
    select
        note_title,
        published_at,
        note_kind,
        exposures,
        view_count,
        likes,
        comment_count,
        saves,
        new_followers,
        share_count,
        bullet_comments,
        cover_click_rate,
        average_watch_seconds,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
