{%- set checks = [
    ('content_id', "content_id is null", 'the row has no key: fill it or remove the row'),
    ('stat_date', "stat_date is null", 'missing or does not parse as a date YYYY-MM-DD'),
    ('view_cnt', "view_count is null or view_count < 0", 'missing or does not parse as a whole number from 0'),
    ('click_cnt', "click_count is null or click_count < 0", 'missing or does not parse as a whole number from 0'),
    ('comment_cnt', "comment_count is null or comment_count < 0", 'missing or does not parse as a whole number from 0'),
    ('like_cnt', "like_count is null or like_count < 0", 'missing or does not parse as a whole number from 0'),
    ('share_cnt', "share_count is null or share_count < 0", 'missing or does not parse as a whole number from 0'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('scrm__content_daily') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        cast({{ text_to_local(raw('stat_date'), '%Y-%m-%d') }} as date) as stat_date,
        {{ clean_text(raw('content_id')) }} as content_id,
        {{ parse_number(raw('view_cnt'), 'bigint') }} as view_count,
        {{ parse_number(raw('click_cnt'), 'bigint') }} as click_count,
        {{ parse_number(raw('comment_cnt'), 'bigint') }} as comment_count,
        {{ parse_number(raw('like_cnt'), 'bigint') }} as like_count,
        {{ parse_number(raw('share_cnt'), 'bigint') }} as share_count,
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
        stat_date,
        content_id,
        view_count,
        click_count,
        comment_count,
        like_count,
        share_count,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
