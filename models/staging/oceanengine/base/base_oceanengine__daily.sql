{#- The 合计 row of a file is a control total, not a day. -#}
{%- set checks = [
    ('项目ID', "project_id is null", 'the row has no key: fill it or remove the row'),
    ('时间-天', "stat_date is null", 'missing or does not parse as a date YYYY-MM-DD'),
    ('展示数', "impressions is null", 'missing or does not parse as a whole number'),
    ('点击数', "clicks is null and " ~ clean_text(raw('点击数')) ~ " is not null", 'does not parse as a whole number'),
    ('转化数', "conversions is null and " ~ clean_text(raw('转化数')) ~ " is not null",
        'does not parse as a whole number'),
    ('消耗', "cost_amount is null", 'missing or does not parse as an amount in yuan'),
    ('展示数', "impressions < 0", 'impressions below zero'),
    ('消耗', "cost_amount < 0", 'a cost below zero'),
    ('点击数', "clicks < 0 or clicks > impressions",
        'more clicks than impressions, or fewer than none: are the columns swapped?'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('oceanengine__daily') }} as raw_rows
    where coalesce({{ trimmed(raw('时间-天')) }}, '') not in ('合计', '总计')
),

interpret_cells as (
    select
        source.*,
        cast({{ text_to_local(raw('时间-天'), '%Y-%m-%d') }} as date) as stat_date,
        {{ clean_text(raw('项目ID')) }} as project_id,
        {{ parse_number(raw('展示数'), 'bigint') }} as impressions,
        {{ parse_number(raw('点击数'), 'bigint') }} as clicks,
        {{ parse_number(raw('转化数'), 'bigint') }} as conversions,
        {{ parse_money(raw('消耗'), 'yuan') }} as cost_amount,
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
        stat_date,
        project_id,
        impressions,
        clicks,
        conversions,
        cost_amount,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
