{%- set columns = [
    'stat_date', 'content_id', 'view_cnt', 'click_cnt', 'comment_cnt', 'like_cnt', 'share_cnt', '_source_file',
    '_source_row', '_exported_at'
] -%}
{%- set checks = [
    ('content_id', "content_id is null", 'the row has no key: fill it or remove the row'),
    ('stat_date', "stat_date is null", 'missing or does not parse as a date YYYY-MM-DD'),
    ('view_cnt', "views is null or views < 0", 'missing or does not parse as a whole number from 0'),
    ('click_cnt', "clicks is null or clicks < 0", 'missing or does not parse as a whole number from 0'),
    ('comment_cnt', "comments is null or comments < 0", 'missing or does not parse as a whole number from 0'),
    ('like_cnt', "likes is null or likes < 0", 'missing or does not parse as a whole number from 0'),
    ('share_cnt', "shares is null or shares < 0", 'missing or does not parse as a whole number from 0'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('scrm__content_daily', columns) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        cast({{ text_to_local(raw('stat_date'), '%Y-%m-%d') }} as date) as stat_date,
        {{ clean_text(raw('content_id')) }} as content_id,
        {{ parse_number(raw('view_cnt'), 'bigint') }} as views,
        {{ parse_number(raw('click_cnt'), 'bigint') }} as clicks,
        {{ parse_number(raw('comment_cnt'), 'bigint') }} as comments,
        {{ parse_number(raw('like_cnt'), 'bigint') }} as likes,
        {{ parse_number(raw('share_cnt'), 'bigint') }} as shares,
        {{ lineage_columns() }}
    from source
),

mark_problems as (
    select
        *,
        {{ first_problem(checks) }}
    from interpret_cells
),

final as (
    select
        stat_date,
        content_id,
        views,
        clicks,
        comments,
        likes,
        shares,
        source_file,
        source_row,
        exported_at,
        problem_column,
        problem_value,
        problem_reason
    from mark_problems
)

select * from final
