{%- set checks = [
    ('笔记标题', "note_title is null", 'the row has no key: fill it or remove the row'),
    ('首次发布时间', "published_at is null", 'missing or does not parse as a local time such as 2026年05月12日18时30分00秒'),
    ('曝光', "exposures is null or exposures < 0", 'missing or no whole number from 0 on'),
    ('观看量', "view_count is null or view_count < 0", 'missing or no whole number from 0 on'),
    ('点赞', "likes is null or likes < 0", 'missing or no whole number from 0 on'),
    ('评论', "comment_count is null or comment_count < 0", 'missing or no whole number from 0 on'),
    ('收藏', "saves is null or saves < 0", 'missing or no whole number from 0 on'),
    ('涨粉', "new_followers is null or new_followers < 0", 'missing or no whole number from 0 on'),
    ('分享', "share_count is null or share_count < 0", 'missing or no whole number from 0 on'),
    ('弹幕', "bullet_comments is null or bullet_comments < 0", 'missing or no whole number from 0 on'),
    ('封面点击率', "cover_click_rate not between 0 and 1 or (cover_click_rate is null and " ~ clean_text(raw('封面点击率')) ~ " is not null)",
        'no fraction from 0 to 1: this platform writes 0.12 for 12 %'),
    ('人均观看时长',
        "average_watch_seconds < 0 or (average_watch_seconds is null and " ~ clean_text(raw('人均观看时长')) ~ " is not null)",
        'no number of seconds from 0 on'),
    ('笔记标题', "row_in_file > 1", 'two notes of one title and time in one file: they cannot be told apart'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('xiaohongshu__notes') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('笔记标题')) }} as note_title,
        {{ text_to_local(raw('首次发布时间'), '%Y年%m月%d日%H时%M分%S秒') }} as published_at,
        {{ clean_text(raw('体裁')) }} as note_kind,
        {{ parse_number(raw('曝光'), 'bigint') }} as exposures,
        {{ parse_number(raw('观看量'), 'bigint') }} as view_count,
        {{ parse_number(raw('点赞'), 'bigint') }} as likes,
        {{ parse_number(raw('评论'), 'bigint') }} as comment_count,
        {{ parse_number(raw('收藏'), 'bigint') }} as saves,
        {{ parse_number(raw('涨粉'), 'bigint') }} as new_followers,
        {{ parse_number(raw('分享'), 'bigint') }} as share_count,
        {{ parse_number(raw('弹幕'), 'bigint') }} as bullet_comments,
        {{ parse_number(raw('封面点击率'), 'decimal(9, 6)') }} as cover_click_rate,
        {{ parse_number(raw('人均观看时长'), 'decimal(18, 6)') }} as average_watch_seconds,
        {{ lineage_columns() }}
    from source
),

number_rows as (
    select
        *,
        row_number() over (
            partition by note_title, published_at, source_file, exported_at
            order by source_row
        ) as row_in_file
    from interpret_cells
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from number_rows
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
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
