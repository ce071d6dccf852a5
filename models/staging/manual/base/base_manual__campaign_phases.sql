{%- set checks = [
    ('campaign_id', "campaign_id is null", 'the row has no key: fill it or remove the row'),
    ('阶段', "campaign_phase is null or campaign_phase not in (" ~ contract_values('manual__campaign_phases', '阶段') ~ ")",
        'blank or unknown 阶段: add it to the staging model once its meaning is known'),
    ('开始时间', "starts_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM'),
    ('结束时间', "ends_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM'),
    ('结束时间', "ends_at < starts_at", 'ends before it starts'),
    ('阶段', "row_in_file > 1",
        'a second row of this phase of the campaign in one file (the first row counts): merge both into one row from the first start to the '
        ~ 'last end, or give this row another phase'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__campaign_phases') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('campaign_id')) }} as campaign_id,
        {{ clean_text(raw('阶段')) }} as campaign_phase,
        {{ text_to_local(raw('开始时间'), '%Y-%m-%d %H:%M') }} as starts_at,
        {{ text_to_local(raw('结束时间'), '%Y-%m-%d %H:%M') }} as ends_at,
        {{ lineage_columns() }}
    from source
),

number_rows as (
    select
        *,
        row_number() over (
            partition by campaign_id, campaign_phase, source_file, exported_at
            order by source_row
        ) as row_in_file
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
        campaign_id,
        campaign_phase,
        starts_at,
        ends_at,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
