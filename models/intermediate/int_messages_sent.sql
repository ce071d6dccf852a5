{{ config(materialized='view') }}

with messages as (
    select * from {{ ref('stg_wecom__messages') }}
    where action = 'send' and chat_id is not null
),

message_types as (
    select * from {{ ref('message_types') }}
),

recalls as (
    select * from {{ ref('int_message_recalls_listed') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select
        messages.message_id,
        messages.chat_id as community_id,
        messages.sender_key,
        messages.message_type,
        messages.content_hash,
        messages.polarity,
        messages.terms,
        messages.sent_date,
        messages.sent_at,
        coalesce(messages.is_solitaire, false) as is_solitaire,
        coalesce(
            (
                message_types.is_text
                and messages.text_length >= {{ var('effective_min_text_length') }}
                and not coalesce(messages.is_solitaire, false)
                and not coalesce(messages.is_stop_phrase, false)
            )
            or (messages.message_type = 'voice' and messages.voice_seconds >= {{ var('effective_min_voice_seconds') }})
            {% if var('effective_count_media') -%}
            or message_types.is_media
            {%- endif %},
            false
        ) as has_content
    from messages
    left join message_types on messages.message_type = message_types.msgtype
    left join recalls on messages.message_id = recalls.message_id
    cross join calendar
    where
        coalesce(message_types.is_message, true)
        and recalls.message_id is null
        -- no comparison for the planner: it takes those of a join to leave next to nothing, and would then hold all
        -- messages in memory to look up what is said of them
        and coalesce(messages.sent_date between calendar.history_start_date and calendar.as_of_date, false)
)

select * from final
