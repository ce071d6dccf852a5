with accepted as (
    select *
    from {{ ref('base_youzan__order_lines') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by order_id, product_id, is_gift, exported_at
            order by source_file, source_row
        ) as copy_number
    from accepted
),

final as (
    select
        order_id,
        product_id,
        is_gift,
        unit_price,
        quantity,
        paid_amount,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
