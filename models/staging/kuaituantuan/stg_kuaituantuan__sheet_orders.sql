with accepted as (
    select *
    from {{ ref('base_kuaituantuan__sheet_orders') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by sheet_order_id, exported_at
            order by source_file, source_row
        ) as copy_number
    from accepted
),

final as (
    select
        sheet_order_id,
        participate_no,
        paid_at,
        paid_amount,
        refunded_amount,
        order_status,
        phone_key,
        goods,
        goods_kinds,
        pickup_point,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
