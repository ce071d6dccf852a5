{%- set checks = [
    ('客户', "customer_key is null", 'the row has no key: fill it or remove the row'),
    ('客户', "customer_key is not null and left(customer_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('选择', "choice is null or choice not in (" ~ contract_values('manual__profiling_choices', '选择') ~ ")", 'unknown choice: write 拒绝 or 同意'),
    ('生效日期', "effective_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__profiling_choices') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('客户')) }} as customer_key,
        {{ clean_text(raw('选择')) }} as choice,
        cast({{ text_to_local(raw('生效日期'), '%Y/%m/%d') }} as date) as effective_date,
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
        choice = '拒绝' as has_opted_out,
        effective_date,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
