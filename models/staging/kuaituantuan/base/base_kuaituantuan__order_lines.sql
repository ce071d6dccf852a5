{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('kuaituantuan__order_lines') }}",
    post_hook="{{ close_parts('kuaituantuan__order_lines') }}",
) }}
{%- set checks = [
    ('order_sn', "order_id is null", 'the row has no key: fill it or remove the row'),
    ('order_sn', is_rounded_number('order_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('sub_order_sn', "line_id is null", 'the row has no key: fill it or remove the row'),
    ('goods_number', "quantity is null", 'missing or does not parse as a whole number of units'),
    ('goods_number', "quantity <= 0", 'a line without units'),
    ('goods_price', "unit_price is null and " ~ clean_text(raw('goods_price')) ~ " is not null",
        'does not parse as a whole number of fen'),
    ('goods_amount', "goods_amount is null", 'missing or does not parse as a whole number of fen'),
    ('already_cancel_number',
        parse_number(raw('already_cancel_number'), 'integer') ~ " is null and "
        ~ clean_text(raw('already_cancel_number')) ~ " is not null",
        'does not parse as a whole number'),
    ('already_cancel_number', "refunded_quantity < 0 or refunded_quantity > quantity",
        'more units cancelled than ordered'),
    ('is_gift', "is_gift is null", 'missing or does not parse as 0 or 1'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('kuaituantuan__order_lines', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('order_sn')) }} as order_id,
        {{ clean_text(raw('sub_order_sn')) }} as line_id,
        {{ clean_text(raw('goods_external_id')) }} as product_id,
        {{ parse_number(raw('goods_number'), 'integer') }} as quantity,
        {{ parse_money(raw('goods_price'), 'fen') }} as unit_price,
        {{ parse_money(raw('goods_amount'), 'fen') }} as goods_amount,
        coalesce({{ parse_number(raw('already_cancel_number'), 'integer') }}, 0) as refunded_quantity,
        case {{ trimmed(raw('is_gift')) }} when '1' then true when '0' then false end as is_gift,
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
        line_id,
        product_id,
        quantity,
        unit_price,
        goods_amount,
        refunded_quantity,
        is_gift,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
