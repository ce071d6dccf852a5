with accepted as (
    select *
    from {{ ref('base_wenjuanxing__answers') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by survey_id, sheet_number, question_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        survey_id,
        sheet_number,
        submitted_at,
        duration_seconds,
        origin,
        customer_key,
        question_id,
        answer,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
