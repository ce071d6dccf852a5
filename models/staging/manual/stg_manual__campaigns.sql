with accepted as (
    select *
    from {{ ref('base_manual__campaigns') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by campaign_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        campaign_id,
        campaign_name,
        campaign_type_zh,
        chat_id,
        starts_at,
        ends_at,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
