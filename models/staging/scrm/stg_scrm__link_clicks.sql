{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'clicked_at', 'ledger_items': ['cast(clicked_at as date)']},
) }}

with accepted as (
    select *
    from {{ ref('base_scrm__link_clicks') }}
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
            partition by customer_key, chat_id, clicked_at, link_id
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        customer_key,
        chat_id,
        clicked_at,
        link_id,
        link_type,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
