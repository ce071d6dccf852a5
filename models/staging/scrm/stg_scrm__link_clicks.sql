with accepted as (
    select *
    from {{ ref('base_scrm__link_clicks') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by customer_key, chat_id, clicked_at, link_id
            order by exported_at desc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        customer_key,
        chat_id,
        clicked_at,
        link_id,
        link_type,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
