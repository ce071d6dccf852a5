{%- set checks = [
    ('chat_id', "chat_id is null", 'the row has no key: fill it or remove the row'),
    ('community_name', "community_name is null", 'missing or does not parse as text'),
    ('community_type', "community_type is null", 'missing or does not parse as text'),
    ('community_type',
        "community_type is not null"
        ~ " and community_type not in (" ~ contract_values('manual__communities', 'community_type') ~ ")",
        'unknown community_type: add it to the staging model once its meaning is known'),
    ('promo_code', "promo_code is not null and row_of_code > 1",
        'the same promotion code for two communities: an order cannot belong to both; give each its own'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__communities') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ clean_text(raw('community_name')) }} as community_name,
        {{ clean_text(raw('community_type')) }} as community_type,
        {{ clean_text(raw('community_family')) }} as community_family,
        {{ clean_text(raw('promo_code')) }} as promo_code,
        {{ lineage_columns() }}
    from source
),

number_rows as (
    select
        *,
        row_number() over (partition by promo_code, source_file, exported_at order by source_row) as row_of_code
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
        chat_id,
        community_name,
        community_type,
        community_family,
        promo_code,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
