with accepted as (
    select *
    from {{ ref('base_weiban__check_ins') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by activity_id, customer_key, exported_at
            order by source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        activity_id,
        chat_id,
        customer_key,
        last_check_in_at,
        total_days,
        succession_days,
        phase,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
