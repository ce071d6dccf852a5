{%- set checks = [
    ('msgid', "message_id is null", 'the row has no key: fill it or remove the row'),
    ('msgtime', "sent_at is null", 'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('from', "sender_key is null", 'the row has no sender'),
    ('from',
        "left(sender_key, 3) not in ('st_', 'wm_', 'wb_')",
        'not a pseudonymous key (st_…, wm_…, wb_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('voteid', "poll_id is null", 'a vote that does not say in which poll'),
    ('votetype', "vote_action is null", 'unknown kind of vote message: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__polls') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('msgid')) }} as message_id,
        {{ clean_text(raw('from')) }} as sender_key,
        {{ clean_text(raw('roomid')) }} as chat_id,
        {{ epoch_to_local(raw('msgtime'), 'milliseconds') }} as sent_at,
        {{ clean_text(raw('voteid')) }} as poll_id,
        case {{ trimmed(raw('votetype')) }} when '101' then 'launch' when '102' then 'join' end as vote_action,
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
        sender_key,
        chat_id,
        sent_at,
        poll_id,
        vote_action,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
