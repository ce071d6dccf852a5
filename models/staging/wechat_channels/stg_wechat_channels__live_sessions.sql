with accepted as (
    select *
    from {{ ref('base_wechat_channels__live_sessions') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by live_session_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        live_session_id,
        started_at,
        ended_at,
        exposed_viewers,
        viewers,
        visits,
        peak_viewers,
        average_watch_seconds,
        commenters,
        sharers,
        new_followers,
        comment_count,
        like_count,
        share_count,
        product_clickers,
        order_creators,
        paid_orders,
        buyers,
        gmv_amount,
        refunded_amount,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
