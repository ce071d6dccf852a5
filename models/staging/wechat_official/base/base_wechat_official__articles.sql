{%- set checks = [
    ('msgid', "article_id is null", 'the row has no key: fill it or remove the row'),
    ('ref_date', "published_date is null", 'missing or does not parse as a date YYYY-MM-DD'),
    ('stat_date', "stat_date is null", 'missing or does not parse as a date YYYY-MM-DD'),
    ('read_user', "readers is null or readers < 0", 'missing or does not parse as a whole number from 0'),
    ('share_user', "sharers is null or sharers < 0", 'missing or does not parse as a whole number from 0'),
    ('like_user', "likers is null or likers < 0", 'missing or does not parse as a whole number from 0'),
    ('zaikan_user', "recommenders is null or recommenders < 0", 'missing or does not parse as a whole number from 0'),
    ('comment_count', "comment_count is null or comment_count < 0", 'missing or does not parse as a whole number from 0'),
    ('collection_user', "collectors is null or collectors < 0", 'missing or does not parse as a whole number from 0'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wechat_official__articles') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('msgid')) }} as article_id,
        {{ clean_text(raw('title')) }} as title,
        cast({{ text_to_local(raw('ref_date'), '%Y-%m-%d') }} as date) as published_date,
        cast({{ text_to_local(raw('stat_date'), '%Y-%m-%d') }} as date) as stat_date,
        {{ parse_number(raw('read_user'), 'bigint') }} as readers,
        {{ parse_number(raw('share_user'), 'bigint') }} as sharers,
        {{ parse_number(raw('like_user'), 'bigint') }} as likers,
        {{ parse_number(raw('zaikan_user'), 'bigint') }} as recommenders,
        {{ parse_number(raw('comment_count'), 'bigint') }} as comment_count,
        {{ parse_number(raw('collection_user'), 'bigint') }} as collectors,
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
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
