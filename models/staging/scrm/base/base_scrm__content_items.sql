{%- set checks = [
    ('content_id', "content_id is null", 'the row has no key: fill it or remove the row'),
    ('内容类型',
        "content_type_zh is null or content_type_zh not in (" ~ contract_values('scrm__content_items', '内容类型') ~ ")",
        'unknown 内容类型: add it to the staging model once its meaning is known'),
    ('author', "author_key is not null and left(author_key, 3) not in ('wm_', 'st_')",
        'not a pseudonymous key (wm_…, st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('是否晒单', "is_order_show is null", 'missing or does not parse as 0 or 1'),
    ('published_at', "published_at is null",
        'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('scrm__content_items') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('content_id')) }} as content_id,
        {{ clean_text(raw('标题')) }} as title,
        {{ clean_text(raw('内容类型')) }} as content_type_zh,
        {{ clean_text(raw('author')) }} as author_key,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ clean_text(raw('campaign_id')) }} as campaign_id,
        case {{ trimmed(raw('是否晒单')) }} when '1' then true when '0' then false end as is_order_show,
        {{ epoch_to_local(raw('published_at'), 'milliseconds') }} as published_at,
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
        content_id,
        title,
        content_type_zh,
        author_key,
        chat_id,
        campaign_id,
        is_order_show,
        published_at,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
