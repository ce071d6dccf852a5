{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('youzan__order_lines') }}",
    post_hook="{{ close_parts('youzan__order_lines') }}",
) }}
{%- set checks = [
    ('订单号', "order_id is null", 'the row has no key: fill it or remove the row'),
    ('订单号', is_rounded_number('order_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('商品编码', "product_id is null", 'the row has no key: fill it or remove the row'),
    ('商品类型', "is_gift is null", 'blank or unknown 商品类型: add it to the staging model once its meaning is known'),
    ('商品单价', "unit_price is null and " ~ clean_text(raw('商品单价')) ~ " is not null",
        'does not parse as an amount in yuan'),
    ('商品数量', "quantity is null", 'missing or does not parse as a whole number of units'),
    ('商品数量', "quantity <= 0", 'a line without units'),
    ('商品优惠后金额', "paid_amount is null", 'missing or does not parse as an amount in yuan'),
    ('商品编码', "is_repeated", 'the same product and kind twice in one order: one line is expected'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as {{ not_materialized() }} (
    select *
    from {{ export('youzan__order_lines', by_part=true) }} as raw_rows
),

interpret_cells as {{ not_materialized() }} (
    select
        source.*,
        {{ clean_text(raw('订单号')) }} as order_id,
        {{ clean_text(raw('商品编码')) }} as product_id,
        case {{ clean_text(raw('商品类型')) }} when '赠品' then true when '普通商品' then false end as is_gift,
        {{ parse_money(raw('商品单价'), 'yuan') }} as unit_price,
        {{ parse_number(raw('商品数量'), 'integer') }} as quantity,
        {{ parse_money(raw('商品优惠后金额'), 'yuan') }} as paid_amount,
        {{ lineage_columns() }}
    from source
),

-- few stand twice in a file: numbering all rows would sort them
list_repeated as (
    select
        order_id,
        product_id,
        is_gift,
        landed_part,
        source_file,
        exported_at,
        min(source_row) as first_row
    from interpret_cells
    group by order_id, product_id, is_gift, landed_part, source_file, exported_at
    having count(*) > 1
),

mark_repeated as (
    select
        interpret_cells.*,
        interpret_cells.source_row > list_repeated.first_row as is_repeated
    from interpret_cells
    left join list_repeated
        on interpret_cells.order_id = list_repeated.order_id
        and interpret_cells.product_id is not distinct from list_repeated.product_id
        and interpret_cells.is_gift is not distinct from list_repeated.is_gift
        and interpret_cells.landed_part is not distinct from list_repeated.landed_part
        and interpret_cells.source_file is not distinct from list_repeated.source_file
        and interpret_cells.exported_at is not distinct from list_repeated.exported_at
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from mark_repeated
),

final as (
    select
        order_id,
        product_id,
        is_gift,
        unit_price,
        quantity,
        paid_amount,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
