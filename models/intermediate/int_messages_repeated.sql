{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_repeated_messages() }}",
    post_hook="{{ close_repeated_messages() }}",
    meta={'whole_inputs': ['message_types']},
) }}

-- depends_on: {{ ref('message_types') }}

-- three passes, and too wide to be kept between
with messages as not materialized (
    select * from {{ ref('int_messages_sent') }}
    where
        has_content
        {%- if is_incremental() %}
        and {{ is_on_touched_day('sent_date') }}
        {%- endif %}
),

-- Repeats and bursts are few: only messages whose sender said the same before, or much in that time, are sorted, and
-- sorting them all is what memory would not hold. Hashes of two keys may be equal: then one looks at more than needed.
list_recurring as (
    select hash(community_id, sender_key, content_hash) as recurring_hash
    from messages
    where content_hash is not null
    group by hash(community_id, sender_key, content_hash)
    having count(*) > 1
),

list_crowded as (
    select hash(community_id, sender_key, floor(epoch(sent_at) / {{ var('effective_burst_seconds') }})) as crowded_hash
    from messages
    group by hash(community_id, sender_key, floor(epoch(sent_at) / {{ var('effective_burst_seconds') }}))
    having count(*) > {{ var('effective_burst_messages') }}
),

list_suspects as (
    select *
    from messages
    where
        hash(community_id, sender_key, content_hash) in (select list_recurring.recurring_hash from list_recurring)
        or hash(community_id, sender_key, floor(epoch(sent_at) / {{ var('effective_burst_seconds') }}))
        in (select list_crowded.crowded_hash from list_crowded)
),

mark_repeats as (
    select
        message_id,
        community_id,
        sender_key,
        sent_date,
        sent_at,
        content_hash is not null
        and coalesce(
            sent_at <= lag(sent_at) over (
                partition by community_id, sender_key, content_hash
                order by sent_at, message_id
            ) + interval '{{ var("effective_repeat_hours") }} hours',
            false
        ) as is_repeat
    from list_suspects
),

number_bursts as (
    select
        message_id,
        sent_date,
        is_repeat,
        row_number() over (
            partition by
                community_id,
                sender_key,
                is_repeat,
                floor(epoch(sent_at) / {{ var('effective_burst_seconds') }})
            order by sent_at, message_id
        ) as number_in_burst
    from mark_repeats
),

final as (
    select
        message_id,
        sent_date
    from number_bursts
    where
        (is_repeat or number_in_burst > {{ var('effective_burst_messages') }})
        {%- if is_incremental() %}
        and {{ is_on_rewritten_day('sent_date') }}
        {%- endif %}
)

select * from final
