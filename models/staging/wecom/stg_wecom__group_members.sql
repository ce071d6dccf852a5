{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'exported_at', 'ledger_items': ['chat_id', 'member_key']},
) }}

with accepted as (
    select *
    from {{ ref('base_wecom__group_members') }}
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
            partition by chat_id, member_key, exported_at
            order by source_file asc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        chat_id,
        member_key,
        union_key,
        joined_at,
        join_scene,
        state,
        inviter_key,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
