{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'customer_key', 'ledger_items': ['customer_key']},
) }}

with accepted as (
    select *
    from {{ ref('base_wecom__customers') }}
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
            partition by customer_key, follower_key
            order by exported_at desc, source_file asc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        customer_key,
        union_key,
        follower_key,
        added_at,
        add_way,
        state,
        phone_keys,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
