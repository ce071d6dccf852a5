{%- set checks = [
    ('activity_no', "activity_no is null", 'the row has no key: fill it or remove the row'),
    ('status',
        "activity_status is null or activity_status not in ("
        ~ contract_values('kuaituantuan__activities', 'status', 'number') ~ ")",
        'unknown status: add it to the staging model once its meaning is known'),
    ('start_at', "started_at is null",
        'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('end_at', "ended_at is null and " ~ clean_text(raw('end_at')) ~ " is not null",
        'does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('end_at', "ended_at < started_at", 'the activity ends before it starts'),
    ('min_participants', "min_participants is null and " ~ clean_text(raw('min_participants')) ~ " is not null",
        'does not parse as a whole number'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('kuaituantuan__activities') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('activity_no')) }} as activity_no,
        {{ clean_text(raw('activity_title')) }} as activity_title,
        {{ parse_number(raw('status'), 'integer') }} as activity_status,
        {{ epoch_to_local(raw('start_at'), 'milliseconds') }} as started_at,
        {{ epoch_to_local(raw('end_at'), 'milliseconds') }} as ended_at,
        {{ parse_number(raw('min_participants'), 'integer') }} as min_participants,
        {{ clean_text(raw('goods_external_id')) }} as product_id,
        {{ clean_text(raw('chat_id')) }} as chat_id,
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
        activity_no,
        activity_title,
        activity_status,
        started_at,
        ended_at,
        min_participants,
        product_id,
        chat_id,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
