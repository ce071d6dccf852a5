{%- set checks = [
    ('export_id', "live_session_id is null", 'the row has no key: fill it or remove the row'),
    ('create_time', "started_at is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('end_time', "ended_at is null and coalesce(" ~ clean_text(raw('end_time')) ~ ", '0') = '0'",
        'the session has no end yet: export it again on the next day'),
    ('end_time', "ended_at is null", 'does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('end_time', "ended_at < started_at", 'ends before it starts'),
    ('impression_uv', "exposed_viewers is null or exposed_viewers < 0", 'missing or no whole number from 0 on'),
    ('new_watch_uv', "viewers is null or viewers < 0", 'missing or no whole number from 0 on'),
    ('cumulative_audience_count', "visits is null or visits < 0", 'missing or no whole number from 0 on'),
    ('max_online_watch_uv', "peak_viewers is null or peak_viewers < 0", 'missing or no whole number from 0 on'),
    ('average_watch_seconds_per_audience', "average_watch_seconds is null or average_watch_seconds < 0",
        'missing or no whole number from 0 on'),
    ('comment_uv', "commenters is null or commenters < 0", 'missing or no whole number from 0 on'),
    ('sharing_uv', "sharers is null or sharers < 0", 'missing or no whole number from 0 on'),
    ('new_follow_uv', "new_followers is null or new_followers < 0", 'missing or no whole number from 0 on'),
    ('new_comment_count', "comment_count is null or comment_count < 0", 'missing or no whole number from 0 on'),
    ('like_count', "like_count is null or like_count < 0", 'missing or no whole number from 0 on'),
    ('sharing_count', "share_count is null or share_count < 0", 'missing or no whole number from 0 on'),
    ('total_clk_uv', "product_clickers is null or product_clickers < 0", 'missing or no whole number from 0 on'),
    ('total_create_uv', "order_creators is null or order_creators < 0", 'missing or no whole number from 0 on'),
    ('total_pay_pv', "paid_orders is null or paid_orders < 0", 'missing or no whole number from 0 on'),
    ('total_pay_uv', "buyers is null or buyers < 0", 'missing or no whole number from 0 on'),
    ('total_gmv', "gmv_amount is null", 'missing or does not parse as a whole number of fen'),
    ('refund_amount', "refunded_amount is null", 'missing or does not parse as a whole number of fen'),
    ('refund_amount', "refunded_amount < 0 or refunded_amount > gmv_amount",
        'a refund below zero or above what was paid'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wechat_channels__live_sessions') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('export_id')) }} as live_session_id,
        {{ epoch_to_local(raw('create_time'), 'seconds') }} as started_at,
        {{ epoch_to_local(raw('end_time'), 'seconds') }} as ended_at,
        {{ parse_number(raw('impression_uv'), 'integer') }} as exposed_viewers,
        {{ parse_number(raw('new_watch_uv'), 'integer') }} as viewers,
        {{ parse_number(raw('cumulative_audience_count'), 'integer') }} as visits,
        {{ parse_number(raw('max_online_watch_uv'), 'integer') }} as peak_viewers,
        {{ parse_number(raw('average_watch_seconds_per_audience'), 'integer') }} as average_watch_seconds,
        {{ parse_number(raw('comment_uv'), 'integer') }} as commenters,
        {{ parse_number(raw('sharing_uv'), 'integer') }} as sharers,
        {{ parse_number(raw('new_follow_uv'), 'integer') }} as new_followers,
        {{ parse_number(raw('new_comment_count'), 'integer') }} as comment_count,
        {{ parse_number(raw('like_count'), 'integer') }} as like_count,
        {{ parse_number(raw('sharing_count'), 'integer') }} as share_count,
        {{ parse_number(raw('total_clk_uv'), 'integer') }} as product_clickers,
        {{ parse_number(raw('total_create_uv'), 'integer') }} as order_creators,
        {{ parse_number(raw('total_pay_pv'), 'integer') }} as paid_orders,
        {{ parse_number(raw('total_pay_uv'), 'integer') }} as buyers,
        {{ parse_money(raw('total_gmv'), 'fen') }} as gmv_amount,
        {{ parse_money(raw('refund_amount'), 'fen') }} as refunded_amount,
        {{ lineage_columns() }}
    from source
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from interpret_cells
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
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
