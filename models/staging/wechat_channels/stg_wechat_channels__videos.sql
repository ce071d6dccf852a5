with accepted as (
    select *
    from {{ ref('base_wechat_channels__videos') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by video_id, exported_at
            order by source_file, source_row
        ) as copy_number
    from accepted
),

final as (
    select
        video_id,
        description_text,
        published_date,
        plays,
        heart_likes,
        thumb_likes,
        comment_count,
        share_count,
        new_followers,
        forwards,
        ring_tones,
        statuses,
        covers,
        link_clicks,
        link_clickers,
        contact_adds,
        contact_adders,
        completion_rate,
        average_play_seconds,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
