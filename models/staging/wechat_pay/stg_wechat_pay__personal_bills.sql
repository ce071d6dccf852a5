with accepted as (
    select *
    from {{ ref('base_wechat_pay__personal_bills') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by transaction_id
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        transaction_id,
        traded_at,
        transaction_kind,
        direction,
        amount,
        payment_method,
        transaction_state,
        merchant_order_id,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
