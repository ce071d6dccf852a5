-- 直播间里，观众在哪一步流失？
-- Where do viewers of a live session drop out on the way to an order?
--
-- Grain: one row per live session, newest first.
-- How to read it: exposed_viewers saw the room, viewers entered, product_clickers clicked a product, order_creators
-- placed an order, buyers paid: all people of that session. Each rate is over the step before; the smallest one is
-- where to work. interactions_per_viewer is comments, likes and shares (in times) over viewers. refund_share rises
-- after the session: it is that of the latest export, so compare only sessions that are at least a month old. The
-- dashboard names nobody: viewers of two sessions cannot be told apart, and do not add up to people.
-- From viewers to buyers: mf query --metrics live_conversion_rate --group-by metric_time__day
with sessions as (
    select * from {{ ref('fct_live_sessions') }}
),

final as (
    select
        live_session_id,
        started_at,
        live_minutes,
        exposed_viewers,
        viewers,
        product_clickers,
        order_creators,
        buyers,
        peak_viewers,
        average_watch_seconds,
        new_followers,
        gmv_amount,
        net_amount,
        {{ as_double('viewers') }} / nullif(exposed_viewers, 0) as entry_rate,
        {{ as_double('product_clickers') }} / nullif(viewers, 0) as click_rate,
        {{ as_double('order_creators') }} / nullif(product_clickers, 0) as order_rate,
        {{ as_double('buyers') }} / nullif(order_creators, 0) as payment_rate,
        {{ as_double('interactions') }} / nullif(viewers, 0) as interactions_per_viewer,
        {{ as_double('refunded_amount') }} / nullif(gmv_amount, 0) as refund_share
    from sessions
)

select * from final
order by started_at desc
