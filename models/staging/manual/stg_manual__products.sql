with accepted as (
    select *
    from {{ ref('base_manual__products') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by product_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        product_id,
        product_name,
        category,
        product_role_zh,
        unit_cost_amount,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
