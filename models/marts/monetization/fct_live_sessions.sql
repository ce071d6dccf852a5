-- A session belongs to the live campaign in whose window it starts: the one begun last, if several run.
with sessions as (
    select * from {{ ref('stg_wechat_channels__live_sessions') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
    where campaign_type = '直播'
),

rank_campaigns as (
    select
        sessions.live_session_id,
        campaigns.campaign_id,
        row_number() over (
            partition by sessions.live_session_id
            order by campaigns.starts_at desc, campaigns.campaign_id asc
        ) as campaign_rank
    from sessions
    inner join campaigns
        on sessions.started_at >= campaigns.window_starts_at
        and sessions.started_at < campaigns.window_ends_at
),

final as (
    select
        sessions.live_session_id,
        coalesce(rank_campaigns.campaign_id, 'unattributed') as campaign_id,
        cast(extract(hour from sessions.started_at) as integer) as start_hour,
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
    left join rank_campaigns
        on sessions.live_session_id = rank_campaigns.live_session_id
        and rank_campaigns.campaign_rank = 1
    where cast(sessions.started_at as date) <= calendar.as_of_date
)

select * from final
