with accepted as (
    select *
    from {{ ref('base_wechat_pay__bill_totals') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by source_file
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        trade_count,
        settled_amount,
        refund_amount,
        fee_amount,
        order_amount,
        requested_refund_amount,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
