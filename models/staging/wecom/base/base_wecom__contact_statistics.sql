{%- set checks = [
    ('userid', "staff_key is null", 'the row has no key: fill it or remove the row'),
    ('userid', "left(staff_key, 3) != 'st_'",
        'not a pseudonymous key (st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('stat_time', "stat_date is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('new_apply_cnt', "new_applications is null", 'missing or does not parse as a whole number'),
    ('new_contact_cnt', "new_contacts is null", 'missing or does not parse as a whole number'),
    ('chat_cnt', "staff_chats is null", 'missing or does not parse as a whole number'),
    ('message_cnt', "staff_messages is null", 'missing or does not parse as a whole number'),
    ('negative_feedback_cnt', "lost_contacts is null", 'missing or does not parse as a whole number'),
    ('reply_percentage', "reply_percentage is null and " ~ clean_text(raw('reply_percentage')) ~ " is not null",
        'does not parse as a number'),
    ('reply_percentage', "reply_percentage < 0 or reply_percentage > 100", 'not a percentage between 0 and 100'),
    ('avg_reply_time', "avg_reply_minutes is null and " ~ clean_text(raw('avg_reply_time')) ~ " is not null",
        'does not parse as a whole number of minutes'),
    ('chat_cnt',
        "exported_at < cast(stat_date as timestamp) + interval '30 hours' and new_applications = 0"
        ~ " and new_contacts = 0 and staff_chats = 0 and staff_messages = 0 and lost_contacts = 0"
        ~ " and reply_percentage is null and avg_reply_minutes is null",
        'all zeros, exported before the platform had counted the day: pull again after 06:00 of the next day'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__contact_statistics') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('userid')) }} as staff_key,
        cast({{ epoch_to_local(raw('stat_time'), 'seconds') }} as date) as stat_date,
        {{ parse_number(raw('new_apply_cnt'), 'bigint') }} as new_applications,
        {{ parse_number(raw('new_contact_cnt'), 'bigint') }} as new_contacts,
        {{ parse_number(raw('chat_cnt'), 'bigint') }} as staff_chats,
        {{ parse_number(raw('message_cnt'), 'bigint') }} as staff_messages,
        {{ parse_number(raw('reply_percentage'), 'decimal(9, 6)') }} as reply_percentage,
        {{ parse_number(raw('avg_reply_time'), 'integer') }} as avg_reply_minutes,
        {{ parse_number(raw('negative_feedback_cnt'), 'bigint') }} as lost_contacts,
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
        staff_key,
        stat_date,
        new_applications,
        new_contacts,
        staff_chats,
        staff_messages,
        reply_percentage,
        avg_reply_minutes,
        lost_contacts,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
