with accepted as (
    select *
    from {{ ref('base_youzan__coupon_uses') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by coupon_id, phone_key, issued_at
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        coupon_id,
        coupon_name,
        phone_key,
        issued_at,
        used_at,
        order_id,
        discount_amount,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
