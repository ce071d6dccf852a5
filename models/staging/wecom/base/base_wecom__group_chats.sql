{%- set checks = [
    ('chat_id', "chat_id is null", 'the row has no key: fill it or remove the row'),
    ('create_time', "created_at is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('status',
        "follow_status is not null and follow_status not in ("
        ~ contract_values('wecom__group_chats', 'status') ~ ")",
        'unknown follower state: add it to the staging model once its meaning is known'),
    ('owner', "owner_key is not null and left(owner_key, 3) != 'st_'",
        'not a pseudonymous key (st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__group_chats') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ clean_text(raw('name')) }} as chat_name,
        {{ clean_text(raw('owner')) }} as owner_key,
        {{ epoch_to_local(raw('create_time'), 'seconds') }} as created_at,
        {{ clean_text(raw('status')) }} as follow_status,
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
        chat_id,
        chat_name,
        owner_key,
        created_at,
        follow_status,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
