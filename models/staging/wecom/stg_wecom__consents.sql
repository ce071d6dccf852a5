{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'changed_at', 'ledger_items': ['customer_key']},
) }}

with accepted as (
    select *
    from {{ ref('base_wecom__consents') }}
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
            partition by customer_key, chat_id, changed_at
            order by
                exported_at desc,
                -- two words of one instant in one export: the one that allows less
                case agree_status when 'Disagree' then 1 when 'Default_Agree' then 2 else 3 end asc,
                source_file asc,
                source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        customer_key,
        chat_id,
        agree_status,
        changed_at,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
