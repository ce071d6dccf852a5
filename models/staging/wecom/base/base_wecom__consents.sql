{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('wecom__consents') }}",
    post_hook="{{ close_parts('wecom__consents') }}",
) }}
{%- set checks = [
    ('external_userid', "customer_key is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "customer_key is not null and left(customer_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('agree_status', "agree_status is null or agree_status not in (" ~ contract_values('wecom__consents', 'agree_status') ~ ")",
        'unknown agree_status: add it to the staging model once its meaning is known'),
    ('status_change_time', "changed_at is null",
        'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__consents', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('external_userid')) }} as customer_key,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ clean_text(raw('agree_status')) }} as agree_status,
        {{ epoch_to_local(raw('status_change_time'), 'seconds') }} as changed_at,
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
        agree_status,
        changed_at,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
