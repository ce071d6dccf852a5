with accepted as (
    select *
    from {{ ref('base_manual__targets') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by target_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        target_id,
        target_metric,
        period_kind_zh,
        period_start_date,
        target_value,
        chat_id,
        staff_key,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
