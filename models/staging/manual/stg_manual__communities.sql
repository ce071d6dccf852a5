with accepted as (
    select *
    from {{ ref('base_manual__communities') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by chat_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        chat_id,
        community_name,
        community_type,
        community_family,
        promo_code,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
