with sessions as (
    select * from {{ ref('stg_wechat_channels__live_sessions') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select
        sessions.live_session_id,
        sessions.exposed_viewers,
        sessions.viewers,
        sessions.visits,
        sessions.peak_viewers,
        sessions.average_watch_seconds,
        sessions.commenters,
        sessions.sharers,
        sessions.new_followers,
        sessions.comment_count,
        sessions.like_count,
        sessions.share_count,
        sessions.product_clickers,
        sessions.order_creators,
        sessions.paid_orders,
        sessions.buyers,
        sessions.gmv_amount,
        sessions.refunded_amount,
        sessions.started_at,
        sessions.ended_at,
        sessions.comment_count + sessions.like_count + sessions.share_count as interactions,
        cast(sessions.gmv_amount - sessions.refunded_amount as decimal(18, 2)) as net_amount,
        cast(sessions.started_at as date) as started_date,
        cast(
            {{ dbt.datediff(
                'sessions.started_at', 'sessions.ended_at', 'minute'
            ) }} as integer
        ) as live_minutes
    from sessions
    cross join calendar
    where cast(sessions.started_at as date) <= calendar.as_of_date
)

select * from final
