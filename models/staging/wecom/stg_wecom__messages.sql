with accepted as (
    select *
    from {{ ref('base_wecom__messages') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by message_id
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        message_id,
        action,
        sender_key,
        chat_id,
        sent_at,
        message_type,
        recalled_message_id,
        voice_seconds,
        text_length,
        content_hash,
        is_solitaire,
        is_stop_phrase,
        terms,
        polarity,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
