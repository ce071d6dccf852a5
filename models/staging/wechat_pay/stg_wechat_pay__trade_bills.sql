{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'transaction_id', 'ledger_items': ['transaction_id']},
) }}

with accepted as (
    select *
    from {{ ref('base_wechat_pay__trade_bills') }}
    where
        problem_column is null
        {%- if is_incremental() %}
        and {{ is_touched_copy() }}
        {%- endif %}
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by transaction_id, refund_id, trade_state
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        transaction_id,
        order_id,
        refund_id,
        open_key,
        trade_state,
        refund_state,
        traded_at,
        settled_amount,
        order_amount,
        refund_amount,
        requested_refund_amount,
        fee_amount,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
