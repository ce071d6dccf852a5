with accepted as (
    select *
    from {{ ref('base_youzan__orders') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by order_id, exported_at
            order by source_file, source_row
        ) as copy_number
    from accepted
),

final as (
    select
        order_id,
        order_status,
        order_kind,
        created_at,
        paid_at,
        goods_amount,
        freight_amount,
        discount_amount,
        paid_amount,
        product_kinds,
        promo_code,
        phone_key,
        refunded_amount,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
