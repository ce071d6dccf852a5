with accepted as (
    select *
    from {{ ref('base_scrm__content_items') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by content_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
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
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
