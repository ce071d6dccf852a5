{%- set checks = [
    ('owner', "owner_key is null", 'the row has no key: fill it or remove the row'),
    ('owner', "left(owner_key, 3) != 'st_'",
        'not a pseudonymous key (st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('stat_time', "stat_date is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('new_chat_cnt', "new_chats is null", 'missing or does not parse as a whole number'),
    ('chat_total', "chats_total is null", 'missing or does not parse as a whole number'),
    ('chat_has_msg', "spoken_chats_total is null", 'missing or does not parse as a whole number'),
    ('new_member_cnt', "new_members is null", 'missing or does not parse as a whole number'),
    ('member_total', "members_total is null", 'missing or does not parse as a whole number'),
    ('member_has_msg', "spoken_members_total is null", 'missing or does not parse as a whole number'),
    ('msg_total', "messages_total is null", 'missing or does not parse as a whole number'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__group_statistics') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('owner')) }} as owner_key,
        cast({{ epoch_to_local(raw('stat_time'), 'seconds') }} as date) as stat_date,
        {{ parse_number(raw('new_chat_cnt'), 'bigint') }} as new_chats,
        {{ parse_number(raw('chat_total'), 'bigint') }} as chats_total,
        {{ parse_number(raw('chat_has_msg'), 'bigint') }} as spoken_chats_total,
        {{ parse_number(raw('new_member_cnt'), 'bigint') }} as new_members,
        {{ parse_number(raw('member_total'), 'bigint') }} as members_total,
        {{ parse_number(raw('member_has_msg'), 'bigint') }} as spoken_members_total,
        {{ parse_number(raw('msg_total'), 'bigint') }} as messages_total,
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
        owner_key,
        stat_date,
        new_chats,
        chats_total,
        spoken_chats_total,
        new_members,
        members_total,
        spoken_members_total,
        messages_total,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
