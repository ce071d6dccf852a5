{%- set checks = [
    ('state', "state is null", 'the row has no key: fill it or remove the row'),
    ('channel_id', "channel_id is null", 'the row has no key: fill it or remove the row'),
    ('channel_name', "channel_name is null", 'missing or does not parse as text'),
    ('channel_type',
        "channel_type is not null"
        ~ " and channel_type not in (" ~ contract_values('manual__channels', 'channel_type') ~ ")",
        'unknown channel_type: add it to the staging model once its meaning is known'),
    ('source_system',
        "source_system is not null and source_system not in ("
        ~ contract_values('manual__channels', 'source_system') ~ ")",
        'unknown source_system: add it to the staging model once its meaning is known'),
    ('source_id', "source_id is not null and row_of_source > 1",
        'the same ad unit under two codes: its exposure and cost would count twice; keep one'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__channels') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('state')) }} as state,
        {{ clean_text(raw('channel_id')) }} as channel_id,
        {{ clean_text(raw('channel_name')) }} as channel_name,
        {{ clean_text(raw('channel_type')) }} as channel_type,
        {{ clean_text(raw('source_system')) }} as source_system,
        {{ clean_text(raw('source_id')) }} as source_id,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ lineage_columns() }}
    from source
),

number_rows as (
    select
        *,
        row_number() over (
            partition by source_system, source_id, source_file, exported_at
            order by source_row
        ) as row_of_source
    from interpret_cells
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from number_rows
),

final as (
    select
        state,
        channel_id,
        channel_name,
        channel_type,
        source_system,
        source_id,
        chat_id,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
