{%- set checks = [
    ('activity_id', "activity_id is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "customer_key is null", 'the row has no key: fill it or remove the row'),
    ('chat_id', "chat_id is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "customer_key is not null and left(customer_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('last_check_in_time', "last_check_in_at is null and coalesce(" ~ trimmed(raw('last_check_in_time')) ~ ", '') != '0'",
        'missing or does not parse as a Unix epoch in seconds between 2010 and 2100; 0 stands for never'),
    ('total_days', "total_days is null or total_days < 0", 'missing or does not parse as a whole number from 0'),
    ('succession_days', "succession_days is null and " ~ clean_text(raw('succession_days')) ~ " is not null",
        'does not parse as a whole number'),
    ('phase', "phase is null or phase not in (" ~ contract_values('weiban__check_ins', 'phase') ~ ")",
        'unknown phase: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('weiban__check_ins') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('activity_id')) }} as activity_id,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ clean_text(raw('external_userid')) }} as customer_key,
        {{ epoch_to_local(raw('last_check_in_time'), 'seconds') }} as last_check_in_at,
        {{ parse_number(raw('total_days'), 'bigint') }} as total_days,
        {{ parse_number(raw('succession_days'), 'bigint') }} as succession_days,
        {{ clean_text(raw('phase')) }} as phase,
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
        activity_id,
        chat_id,
        customer_key,
        last_check_in_at,
        total_days,
        succession_days,
        phase,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
