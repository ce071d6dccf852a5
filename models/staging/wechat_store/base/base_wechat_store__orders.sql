{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('wechat_store__orders') }}",
    post_hook="{{ close_parts('wechat_store__orders') }}",
) }}
{%- set checks = [
    ('order_id', "order_id is null", 'the row has no key: fill it or remove the row'),
    ('order_id', is_rounded_number('order_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('openid', "open_key is not null and left(open_key, 3) != 'op_'",
        'not a pseudonymous key (op_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('unionid', "union_key is not null and left(union_key, 3) != 'un_'",
        'not a pseudonymous key (un_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('status',
        "order_status is null or order_status not in ("
        ~ contract_values('wechat_store__orders', 'status', 'number') ~ ")",
        'unknown status: add it to the staging model once its meaning is known'),
    ('create_time', "created_at is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('pay_time', "paid_at is null and " ~ clean_text(raw('pay_time')) ~ " is not null",
        'does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('pay_time', "paid_at < created_at", 'paid before the order was created: are the two columns swapped?'),
    ('update_time', "updated_at is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('product_price', "goods_amount is null and " ~ clean_text(raw('product_price')) ~ " is not null",
        'does not parse as a whole number of fen'),
    ('freight', "freight_amount is null and " ~ clean_text(raw('freight')) ~ " is not null",
        'does not parse as a whole number of fen'),
    ('discounted_price', "discount_amount is null and " ~ clean_text(raw('discounted_price')) ~ " is not null",
        'does not parse as a whole number of fen'),
    ('order_price', "paid_amount is null", 'missing or does not parse as a whole number of fen'),
    ('order_price', "paid_amount < 0", 'a price below zero: a refund is shown by status and lines'),
    ('order_id', "is_repeated", 'the same order number twice in one file'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as {{ not_materialized() }} (
    select *
    from {{ export('wechat_store__orders', by_part=true) }} as raw_rows
),

interpret_cells as {{ not_materialized() }} (
    select
        source.*,
        {{ clean_text(raw('order_id')) }} as order_id,
        {{ clean_text(raw('openid')) }} as open_key,
        {{ clean_text(raw('unionid')) }} as union_key,
        {{ parse_number(raw('status'), 'integer') }} as order_status,
        {{ epoch_to_local(raw('create_time'), 'seconds') }} as created_at,
        {{ epoch_to_local(raw('pay_time'), 'seconds') }} as paid_at,
        {{ epoch_to_local(raw('update_time'), 'seconds') }} as updated_at,
        {{ parse_money(raw('product_price'), 'fen') }} as goods_amount,
        {{ parse_money(raw('freight'), 'fen') }} as freight_amount,
        {{ parse_money(raw('discounted_price'), 'fen') }} as discount_amount,
        {{ parse_money(raw('order_price'), 'fen') }} as paid_amount,
        {{ lineage_columns() }}
    from source
),

-- few stand twice in a file: numbering all rows would sort them
list_repeated as (
    select
        order_id,
        landed_part,
        source_file,
        exported_at,
        min(source_row) as first_row
    from interpret_cells
    group by order_id, landed_part, source_file, exported_at
    having count(*) > 1
),

mark_repeated as (
    select
        interpret_cells.*,
        interpret_cells.source_row > list_repeated.first_row as is_repeated
    from interpret_cells
    left join list_repeated
        on interpret_cells.order_id = list_repeated.order_id
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
        open_key,
        union_key,
        order_status,
        created_at,
        paid_at,
        updated_at,
        goods_amount,
        freight_amount,
        discount_amount,
        paid_amount,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
