{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('scrm__link_clicks') }}",
    post_hook="{{ close_parts('scrm__link_clicks') }}",
) }}
{%- set checks = [
    ('external_userid', "customer_key is null", 'the row has no key: fill it or remove the row'),
    ('chat_id', "chat_id is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "customer_key is not null and left(customer_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('click_time', "clicked_at is null",
        'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('scrm__link_clicks', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('external_userid')) }} as customer_key,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ epoch_to_local(raw('click_time'), 'milliseconds') }} as clicked_at,
        {{ clean_text(raw('link_id')) }} as link_id,
        {{ clean_text(raw('link_type')) }} as link_type,
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
        customer_key,
        chat_id,
        clicked_at,
        link_id,
        link_type,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
