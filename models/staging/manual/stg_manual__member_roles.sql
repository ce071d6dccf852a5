with accepted as (
    select *
    from {{ ref('base_manual__member_roles') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by member_key
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        member_key,
        role,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
