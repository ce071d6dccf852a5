with accepted as (
    select *
    from {{ ref('base_wecom__group_members') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by chat_id, member_key, exported_at
            order by source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        chat_id,
        member_key,
        union_key,
        joined_at,
        join_scene,
        state,
        inviter_key,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
