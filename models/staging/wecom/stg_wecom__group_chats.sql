with accepted as (
    select *
    from {{ ref('base_wecom__group_chats') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by chat_id, exported_at
            order by source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        chat_id,
        chat_name,
        owner_key,
        created_at,
        follow_status,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
