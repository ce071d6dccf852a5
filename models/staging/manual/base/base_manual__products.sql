{%- set checks = [
    ('product_id', "product_id is null", 'the row has no key: fill it or remove the row'),
    ('商品角色',
        "product_role_zh is not null and product_role_zh not in ("
        ~ contract_values('manual__products', '商品角色') ~ ")",
        'unknown 商品角色: add it to the staging model once its meaning is known'),
    ('单位成本', "unit_cost_amount is null and " ~ clean_text(raw('单位成本')) ~ " is not null",
        'does not parse as an amount in yuan'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__products') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('product_id')) }} as product_id,
        {{ clean_text(raw('商品名称')) }} as product_name,
        {{ clean_text(raw('类目')) }} as category,
        {{ clean_text(raw('商品角色')) }} as product_role_zh,
        {{ parse_money(raw('单位成本'), 'yuan') }} as unit_cost_amount,
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
        product_id,
        product_name,
        category,
        product_role_zh,
        unit_cost_amount,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
