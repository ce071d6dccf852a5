with accepted as (
    select *
    from {{ ref('base_manual__channels') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by state
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        state,
        channel_id,
        channel_name,
        channel_type,
        source_system,
        source_id,
        chat_id,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
