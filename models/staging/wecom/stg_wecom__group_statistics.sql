with accepted as (
    select *
    from {{ ref('base_wecom__group_statistics') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by owner_key, stat_date
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        owner_key,
        stat_date,
        new_chats,
        chats_total,
        spoken_chats_total,
        new_members,
        members_total,
        spoken_members_total,
        messages_total,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
