{{ config(
    materialized='incremental',
    pre_hook="{{ open_message_parts() }}",
    post_hook="{{ close_parts('wecom__messages') }}",
    **by_day(['sent_date', 'landed_part']),
) }}
{%- set checks = [
    ('msgid', "message_id is null", 'the row has no key: fill it or remove the row'),
    ('action', "action is null or action not in (" ~ contract_values('wecom__messages', 'action') ~ ")",
        'unknown action: add it to the staging model once its meaning is known'),
    ('msgtime', "sent_at is null and action in ('send', 'recall')",
        'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('from', "sender_key is null and action in ('send', 'recall')", 'the row has no sender'),
    ('from',
        "sender_key is not null and left(sender_key, 3) not in ('st_', 'wm_', 'wb_')",
        'not a pseudonymous key (st_…, wm_…, wb_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('msgtype', "message_type is null and action in ('send', 'recall')", 'the row has no message type'),
    ('pre_msgid', "recalled_message_id is null and action = 'recall'", 'a recall that does not say which message'),
    ('voice_seconds', "voice_seconds is null and " ~ clean_text(raw('voice_seconds')) ~ " is not null",
        'does not parse as a whole number of seconds'),
    ('text_length', "text_length is null and " ~ clean_text(raw('text_length')) ~ " is not null",
        'does not parse as a whole number'),
    ('is_solitaire', "is_solitaire is null and " ~ clean_text(raw('is_solitaire')) ~ " is not null",
        'does not parse as 0 or 1'),
    ('is_stop_phrase', "is_stop_phrase is null and " ~ clean_text(raw('is_stop_phrase')) ~ " is not null",
        'does not parse as 0 or 1'),
    ('polarity', "polarity is null and " ~ clean_text(raw('polarity')) ~ " is not null",
        'does not parse as -1, 0 or 1'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__messages', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('msgid')) }} as message_id,
        {{ clean_text(raw('action')) }} as action,
        {{ clean_text(raw('from')) }} as sender_key,
        {{ clean_text(raw('roomid')) }} as chat_id,
        {{ epoch_to_local(raw('msgtime'), 'milliseconds') }} as sent_at,
        {{ clean_text(raw('msgtype')) }} as message_type,
        {{ clean_text(raw('pre_msgid')) }} as recalled_message_id,
        {{ parse_number(raw('voice_seconds'), 'integer') }} as voice_seconds,
        {{ parse_number(raw('text_length'), 'integer') }} as text_length,
        {{ clean_text(raw('content_hash')) }} as content_hash,
        case {{ trimmed(raw('is_solitaire')) }} when '1' then true when '0' then false end as is_solitaire,
        case {{ trimmed(raw('is_stop_phrase')) }} when '1' then true when '0' then false end as is_stop_phrase,
        {{ clean_text(raw('terms')) }} as terms,
        case {{ trimmed(raw('polarity')) }} when '-1' then -1 when '0' then 0 when '1' then 1 end as polarity,
        {{ lineage_columns() }}
    from source
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from interpret_cells
),

final as (
    select
        message_id,
        action,
        sender_key,
        chat_id,
        cast(sent_at as date) as sent_date,
        sent_at,
        message_type,
        recalled_message_id,
        voice_seconds,
        text_length,
        -- equal texts are looked for, and a number is compared and stored at a fraction of a text
        case when content_hash is not null then {{ row_hash(['content_hash']) }} end as content_hash,
        is_solitaire,
        is_stop_phrase,
        terms,
        polarity,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
