{%- set checks = [
    ('目标编号', "target_id is null", 'the row has no key: fill it or remove the row'),
    ('指标', "target_metric is null", 'a target without a metric: fill in the id of the metric'),
    ('周期',
        "period_kind_zh is null or period_kind_zh not in ("
        ~ contract_values('manual__targets', '周期') ~ ")",
        'unknown 周期: write 月 or 周'),
    ('周期开始', "period_start_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('周期开始', "period_kind_zh = '月' and extract(day from period_start_date) != 1",
        'a month begins on its first day: correct the date'),
    ('周期开始', "period_kind_zh = '周' and " ~ iso_weekday('period_start_date') ~ " != 1",
        'a week begins on a Monday: correct the date'),
    ('目标值', "target_value is null", 'missing or does not parse as a number with at most four decimals'),
    ('员工', "left(staff_key, 3) != 'st_'",
        'not a pseudonymous key (st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__targets') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('目标编号')) }} as target_id,
        {{ clean_text(raw('指标')) }} as target_metric,
        {{ clean_text(raw('周期')) }} as period_kind_zh,
        cast({{ text_to_local(raw('周期开始'), '%Y/%m/%d') }} as date) as period_start_date,
        {{ parse_number(raw('目标值'), 'decimal(18, 4)') }} as target_value,
        {{ clean_text(raw('社群')) }} as chat_id,
        {{ clean_text(raw('员工')) }} as staff_key,
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
        target_id,
        target_metric,
        period_kind_zh,
        period_start_date,
        target_value,
        chat_id,
        staff_key,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
