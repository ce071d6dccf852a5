with accepted as (
    select *
    from {{ ref('base_manual__costs') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by cost_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        cost_id,
        first_date,
        last_date,
        cost_kind_zh,
        chat_id,
        channel_id,
        cost_amount,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
