{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_copies() }}",
    post_hook="{{ close_copies() }}",
    meta={'copies_by': 'occurred_at', 'ledger_items': ['chat_id', "coalesce(member_key, '')"]},
) }}

-- Grain changes here from the callback to the person: one callback may carry several people.
with accepted as (
    select *
    from {{ ref('base_wecom__group_events') }}
    where
        problem_column is null
        {%- if is_incremental() %}
        and {{ is_touched_copy() }}
        {%- endif %}
),

split_people as (
    select
        accepted.*,
        {{ split_to_rows('member_keys', ',') }} as member_key
    from accepted
    where accepted.member_keys is not null
    union all
    select
        accepted.*,
        cast(null as {{ dbt.type_string() }}) as member_key
    from accepted
    where accepted.member_keys is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by chat_id, occurred_at, change_type, update_detail, member_key
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from split_people
),

final as (
    select
        occurred_at,
        chat_id,
        change_type,
        update_detail,
        member_key,
        join_scene,
        quit_scene,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number = 1
)

select * from final
