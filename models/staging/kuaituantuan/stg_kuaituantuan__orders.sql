{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'exported_at', 'ledger_items': ['order_id']},
) }}

with accepted as (
    select *
    from {{ ref('base_kuaituantuan__orders') }}
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
            partition by order_id, activity_no, exported_at
            order by source_file, source_row
        ) as copy_number
    from accepted
),

final as (
    select
        order_id,
        activity_no,
        participate_no,
        supply_activity_no,
        supply_participate_no,
        is_supplier,
        reseller_open_key,
        open_key,
        paid_amount,
        freight_amount,
        discount_amount,
        platform_discount_amount,
        agreed_refund_amount,
        after_sales_status,
        is_cancelled,
        mall_activity_type,
        paid_at,
        updated_at,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
