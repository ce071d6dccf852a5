{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('wechat_store__order_lines') }}",
    post_hook="{{ close_parts('wechat_store__order_lines') }}",
) }}
{%- set checks = [
    ('order_id', "order_id is null", 'the row has no key: fill it or remove the row'),
    ('order_id', is_rounded_number('order_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('sku_id', "sku_id is null", 'the row has no key: fill it or remove the row'),
    ('sku_cnt', "quantity is null", 'missing or does not parse as a whole number of units'),
    ('sku_cnt', "quantity <= 0", 'a line without units'),
    ('sale_price', "unit_price is null and " ~ clean_text(raw('sale_price')) ~ " is not null",
        'does not parse as a whole number of fen'),
    ('real_price', "paid_amount is null", 'missing or does not parse as a whole number of fen'),
    ('is_free_gift', "is_gift is null", 'missing or does not parse as 0 or 1'),
    ('finish_aftersale_sku_cnt',
        parse_number(raw('finish_aftersale_sku_cnt'), 'integer') ~ " is null and "
        ~ clean_text(raw('finish_aftersale_sku_cnt')) ~ " is not null",
        'does not parse as a whole number'),
    ('finish_aftersale_sku_cnt', "refunded_quantity < 0 or refunded_quantity > quantity",
        'more units refunded than ordered'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wechat_store__order_lines', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('order_id')) }} as order_id,
        {{ clean_text(raw('product_id')) }} as product_id,
        {{ clean_text(raw('sku_id')) }} as sku_id,
        {{ parse_number(raw('sku_cnt'), 'integer') }} as quantity,
        {{ parse_money(raw('sale_price'), 'fen') }} as unit_price,
        {{ parse_money(raw('real_price'), 'fen') }} as paid_amount,
        case {{ trimmed(raw('is_free_gift')) }} when '1' then true when '0' then false end as is_gift,
        coalesce({{ parse_number(raw('finish_aftersale_sku_cnt'), 'integer') }}, 0) as refunded_quantity,
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
        order_id,
        product_id,
        sku_id,
        quantity,
        unit_price,
        paid_amount,
        is_gift,
        refunded_quantity,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
