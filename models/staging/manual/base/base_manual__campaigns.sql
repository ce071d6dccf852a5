{%- set checks = [
    ('campaign_id', "campaign_id is null", 'the row has no key: fill it or remove the row'),
    ('开始时间', "starts_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM'),
    ('结束时间', "ends_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM'),
    ('结束时间', "ends_at < starts_at", 'ends before it starts'),
    ('活动类型',
        "campaign_type_zh is not null"
        ~ " and campaign_type_zh not in (" ~ contract_values('manual__campaigns', '活动类型') ~ ")",
        'unknown 活动类型: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__campaigns') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('campaign_id')) }} as campaign_id,
        {{ clean_text(raw('活动名称')) }} as campaign_name,
        {{ clean_text(raw('活动类型')) }} as campaign_type_zh,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ text_to_local(raw('开始时间'), '%Y-%m-%d %H:%M') }} as starts_at,
        {{ text_to_local(raw('结束时间'), '%Y-%m-%d %H:%M') }} as ends_at,
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
        campaign_name,
        campaign_type_zh,
        chat_id,
        starts_at,
        ends_at,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
