{%- set checks = [
    ('link_id', "link_id is null", 'the row has no key: fill it or remove the row'),
    ('stat_time', "stat_date is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('click_link_customer_cnt', "clicked_persons is null", 'missing or does not parse as a whole number'),
    ('new_customer_cnt', "new_contacts is null", 'missing or does not parse as a whole number'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__acquisition_links') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('link_id')) }} as link_id,
        {{ clean_text(raw('link_name')) }} as link_name,
        cast({{ epoch_to_local(raw('stat_time'), 'seconds') }} as date) as stat_date,
        {{ parse_number(raw('click_link_customer_cnt'), 'bigint') }} as clicked_persons,
        {{ parse_number(raw('new_customer_cnt'), 'bigint') }} as new_contacts,
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
        link_id,
        link_name,
        stat_date,
        clicked_persons,
        new_contacts,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
