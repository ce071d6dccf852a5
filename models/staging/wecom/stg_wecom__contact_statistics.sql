with accepted as (
    select *
    from {{ ref('base_wecom__contact_statistics') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by staff_key, stat_date
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        staff_key,
        stat_date,
        new_applications,
        new_contacts,
        staff_chats,
        staff_messages,
        reply_percentage,
        avg_reply_minutes,
        lost_contacts,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
