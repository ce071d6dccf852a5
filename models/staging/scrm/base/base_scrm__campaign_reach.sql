{%- set checks = [
    ('campaign_id', "campaign_id is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "customer_key is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "left(customer_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('action',
        "campaign_action is null or campaign_action not in ("
        ~ contract_values('scrm__campaign_reach', 'action') ~ ")",
        'blank or unknown action: add it to the staging model once its meaning is known'),
    ('action_time', "acted_at is null",
        'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('scrm__campaign_reach') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('campaign_id')) }} as campaign_id,
        {{ clean_text(raw('external_userid')) }} as customer_key,
        {{ clean_text(raw('action')) }} as campaign_action,
        {{ epoch_to_local(raw('action_time'), 'milliseconds') }} as acted_at,
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
        campaign_id,
        customer_key,
        campaign_action,
        acted_at,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
