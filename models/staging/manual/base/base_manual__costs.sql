{%- set checks = [
    ('费用编号', "cost_id is null", 'the row has no key: fill it or remove the row'),
    ('开始日期', "first_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('结束日期', "last_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('结束日期', "last_date < first_date", 'ends before it starts'),
    ('金额', "cost_amount is null", 'missing or does not parse as an amount in yuan'),
    ('金额', "cost_amount < 0", 'a cost below zero: write what was spent as a positive amount'),
    ('费用类型', "cost_kind_zh is null or cost_kind_zh not in (" ~ contract_values('manual__costs', '费用类型') ~ ")",
        'unknown 费用类型: use a name of cost_kinds'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__costs') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('费用编号')) }} as cost_id,
        cast({{ text_to_local(raw('开始日期'), '%Y/%m/%d') }} as date) as first_date,
        cast({{ text_to_local(raw('结束日期'), '%Y/%m/%d') }} as date) as last_date,
        {{ clean_text(raw('费用类型')) }} as cost_kind_zh,
        {{ clean_text(raw('社群')) }} as chat_id,
        {{ clean_text(raw('渠道')) }} as channel_id,
        {{ clean_text(raw('活动')) }} as campaign_id,
        {{ parse_money(raw('金额'), 'yuan') }} as cost_amount,
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
        cost_id,
        first_date,
        last_date,
        cost_kind_zh,
        chat_id,
        channel_id,
        campaign_id,
        cost_amount,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
