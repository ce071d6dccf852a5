{%- set slot = time_slot('sent_at', var('effective_burst_seconds')) -%}
{%- set repeated, crowded = ['community_id', 'sender_key', 'content_hash'], ['community_id', 'sender_key', slot] -%}
{{ config(
    materialized='incremental',
    pre_hook="{{ open_repeated_messages() }}",
    post_hook="{{ close_repeated_messages() }}",
    meta={'whole_inputs': ['message_types']},
    **by_day('sent_date'),
) }}

-- depends_on: {{ ref('message_types') }}

-- three passes, and too wide to be kept between
with messages as {{ not_materialized() }} (
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
    select {{ row_hash(repeated) }} as recurring_hash
    from messages
    where content_hash is not null
    group by {{ row_hash(repeated) }}
    having count(*) > 1
),

list_crowded as (
    select {{ row_hash(crowded) }} as crowded_hash
    from messages
    group by {{ row_hash(crowded) }}
    having count(*) > {{ var('effective_burst_messages') }}
),

list_suspects as (
    select *
    from messages
    where
        {{ row_hash(repeated) }} in (select list_recurring.recurring_hash from list_recurring)
        or {{ row_hash(crowded) }}
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
                {{ slot }}
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
