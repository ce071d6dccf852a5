{%- set checks = [
    ('msgid', "message_id is null", 'the row has no key: fill it or remove the row'),
    ('msgtime', "sent_at is null", 'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('from', "sender_key is null", 'the row has no sender'),
    ('from',
        "left(sender_key, 3) not in ('st_', 'wm_', 'wb_')",
        'not a pseudonymous key (st_…, wm_…, wb_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('msgtype',
        "message_type is null or message_type not in ("
        ~ contract_values('wecom__red_packets', 'msgtype') ~ ")",
        'not a red packet message: remove the row'),
    ('type', "red_packet_kind is null",
        'unknown kind of red packet: add it to the staging model once its meaning is known'),
    ('totalcnt', "packets is null or packets < 1", 'missing or does not parse as a whole number of packets from 1'),
    ('totalamount', "amount is null or amount < 0", 'missing or does not parse as an amount in fen'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__red_packets') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('msgid')) }} as message_id,
        {{ clean_text(raw('from')) }} as sender_key,
        {{ clean_text(raw('roomid')) }} as chat_id,
        {{ epoch_to_local(raw('msgtime'), 'milliseconds') }} as sent_at,
        {{ clean_text(raw('msgtype')) }} as message_type,
        case {{ trimmed(raw('type')) }} when '1' then 'normal' when '2' then 'lucky' when '3' then 'incentive' end
            as red_packet_kind,
        {{ parse_number(raw('totalcnt'), 'integer') }} as packets,
        {{ parse_money(raw('totalamount'), 'fen') }} as amount,
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
        message_type,
        red_packet_kind,
        packets,
        amount,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
