with accepted as (
    select *
    from {{ ref('base_kuaituantuan__activities') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by activity_no
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        activity_no,
        activity_title,
        activity_status,
        started_at,
        ended_at,
        min_participants,
        product_id,
        chat_id,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
