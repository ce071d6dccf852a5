{%- set checks = [
    ('视频ID', "video_id is null", 'the row has no key: fill it or remove the row'),
    ('发布时间', "published_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('完播率', "completion_rate > 1 or completion_rate < 0 or (completion_rate is null and " ~ clean_text(raw('完播率')) ~ " is not null)",
        'no percentage such as 28.64%'),
    ('平均播放时长', "average_play_seconds < 0 or (average_play_seconds is null and " ~ clean_text(raw('平均播放时长')) ~ " is not null)",
        'no number of seconds such as 14.73秒'),
    ('播放量', "plays is null or plays < 0", 'missing or no whole number from 0 on'),
    ('推荐', "heart_likes is null or heart_likes < 0", 'missing or no whole number from 0 on'),
    ('喜欢', "thumb_likes is null or thumb_likes < 0", 'missing or no whole number from 0 on'),
    ('评论量', "comment_count is null or comment_count < 0", 'missing or no whole number from 0 on'),
    ('分享量', "share_count is null or share_count < 0", 'missing or no whole number from 0 on'),
    ('关注量', "new_followers is null or new_followers < 0", 'missing or no whole number from 0 on'),
    ('转发聊天和朋友圈', "forwards is null or forwards < 0", 'missing or no whole number from 0 on'),
    ('设为铃声', "ring_tones is null or ring_tones < 0", 'missing or no whole number from 0 on'),
    ('设为状态', "statuses is null or statuses < 0", 'missing or no whole number from 0 on'),
    ('设为朋友圈封面', "covers is null or covers < 0", 'missing or no whole number from 0 on'),
    ('企微链接点击次数', "link_clicks < 0 or (link_clicks is null and " ~ clean_text(raw('企微链接点击次数')) ~ " is not null)",
        'no whole number from 0 on'),
    ('企微链接点击人数', "link_clickers < 0 or (link_clickers is null and " ~ clean_text(raw('企微链接点击人数')) ~ " is not null)",
        'no whole number from 0 on'),
    ('添加到通讯录次数', "contact_adds < 0 or (contact_adds is null and " ~ clean_text(raw('添加到通讯录次数')) ~ " is not null)",
        'no whole number from 0 on'),
    ('添加到通讯录人数', "contact_adders < 0 or (contact_adders is null and " ~ clean_text(raw('添加到通讯录人数')) ~ " is not null)",
        'no whole number from 0 on'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wechat_channels__videos') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('视频ID')) }} as video_id,
        {{ clean_text(raw('视频描述')) }} as description_text,
        cast({{ text_to_local(raw('发布时间'), '%Y/%m/%d') }} as date) as published_date,
        cast(
            case
                when {{ raw('完播率') }} like '%!%' escape '!'
                    then {{ parse_number("replace(" ~ raw('完播率') ~ ", '%', '')", 'decimal(9, 4)') }} / 100
            end as decimal(9, 6)
        ) as completion_rate,
        {{ parse_number("replace(" ~ raw('平均播放时长') ~ ", '秒', '')", 'decimal(18, 6)') }} as average_play_seconds,
        {{ parse_number(raw('播放量'), 'bigint') }} as plays,
        {{ parse_number(raw('推荐'), 'bigint') }} as heart_likes,
        {{ parse_number(raw('喜欢'), 'bigint') }} as thumb_likes,
        {{ parse_number(raw('评论量'), 'bigint') }} as comment_count,
        {{ parse_number(raw('分享量'), 'bigint') }} as share_count,
        {{ parse_number(raw('关注量'), 'bigint') }} as new_followers,
        {{ parse_number(raw('转发聊天和朋友圈'), 'bigint') }} as forwards,
        {{ parse_number(raw('设为铃声'), 'bigint') }} as ring_tones,
        {{ parse_number(raw('设为状态'), 'bigint') }} as statuses,
        {{ parse_number(raw('设为朋友圈封面'), 'bigint') }} as covers,
        {{ parse_number(raw('企微链接点击次数'), 'bigint') }} as link_clicks,
        {{ parse_number(raw('企微链接点击人数'), 'bigint') }} as link_clickers,
        {{ parse_number(raw('添加到通讯录次数'), 'bigint') }} as contact_adds,
        {{ parse_number(raw('添加到通讯录人数'), 'bigint') }} as contact_adders,
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
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
