{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'exported_at', 'ledger_items': ['order_id']},
) }}

with accepted as (
    select *
    from {{ ref('base_youzan__orders') }}
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
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
