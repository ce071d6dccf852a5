{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_message_copies() }}",
    post_hook="{{ close_message_copies() }}",
) }}

-- read twice, and too wide to be kept between
with accepted as {{ not_materialized() }} (
    select *
    from {{ ref('base_wecom__messages') }}
    where
        problem_column is null
        {%- if is_incremental() %}
        and {{ is_touched_message() }}
        {%- endif %}
),

-- few messages have copies, and ranking all of them would sort the whole archive; messages of equal hashes are ranked
-- without need
list_copied as (
    select {{ row_hash(['message_id']) }} as copied_hash
    from accepted
    group by {{ row_hash(['message_id']) }}
    having count(*) > 1
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by message_id
            order by exported_at desc, source_file asc, source_row asc
        ) as copy_number
    from accepted
    where {{ row_hash(['message_id']) }} in (select list_copied.copied_hash from list_copied)
),

final as (
    select
        message_id,
        sent_date,
        source_file,
        source_row,
        exported_at,
        landed_part
    from rank_copies
    where copy_number > 1
)

select * from final
