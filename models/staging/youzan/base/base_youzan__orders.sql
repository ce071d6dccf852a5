{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('youzan__orders') }}",
    post_hook="{{ close_parts('youzan__orders') }}",
) }}
{%- set checks = [
    ('订单号', "order_id is null", 'the row has no key: fill it or remove the row'),
    ('订单号', is_rounded_number('order_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('订单创建时间', "created_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('买家付款时间', "paid_at is null and " ~ clean_text(raw('买家付款时间')) ~ " is not null",
        'does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('买家付款时间', "paid_at < created_at", 'paid before the order was created: are the two columns swapped?'),
    ('商品金额合计', "goods_amount is null and " ~ clean_text(raw('商品金额合计')) ~ " is not null",
        'does not parse as an amount in yuan'),
    ('运费', "freight_amount is null and " ~ clean_text(raw('运费')) ~ " is not null",
        'does not parse as an amount in yuan'),
    ('店铺优惠合计', "discount_amount is null and " ~ clean_text(raw('店铺优惠合计')) ~ " is not null",
        'does not parse as an amount in yuan'),
    ('订单实付金额', "paid_amount is null", 'missing or does not parse as an amount in yuan'),
    ('订单已退款金额',
        parse_money(raw('订单已退款金额'), 'yuan') ~ " is null and " ~ clean_text(raw('订单已退款金额'))
        ~ " is not null",
        'does not parse as an amount in yuan'),
    ('订单已退款金额', "refunded_amount < 0 or refunded_amount > paid_amount",
        'a refund below zero or above the paid amount'),
    ('买家手机号', "phone_key is not null and left(phone_key, 3) != 'ph_'",
        'not a pseudonymous key (ph_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('商品种类数', "product_kinds is null and " ~ clean_text(raw('商品种类数')) ~ " is not null",
        'does not parse as a whole number'),
    ('订单状态',
        "order_status is not null and order_status not in (" ~ contract_values('youzan__orders', '订单状态') ~ ")",
        'unknown 订单状态: add it to the staging model once its meaning is known'),
    ('订单类型',
        "order_kind is null or order_kind not in (" ~ contract_values('youzan__orders', '订单类型') ~ ")",
        'blank or unknown 订单类型: add it to the staging model once its meaning is known'),
    ('订单号', "is_repeated", 'the same order number twice in one file'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as {{ not_materialized() }} (
    select *
    from {{ export('youzan__orders', by_part=true) }} as raw_rows
),

interpret_cells as {{ not_materialized() }} (
    select
        source.*,
        {{ clean_text(raw('订单号')) }} as order_id,
        {{ clean_text(raw('订单状态')) }} as order_status,
        {{ clean_text(raw('订单类型')) }} as order_kind,
        {{ text_to_local(raw('订单创建时间'), '%Y-%m-%d %H:%M:%S') }} as created_at,
        {{ text_to_local(raw('买家付款时间'), '%Y-%m-%d %H:%M:%S') }} as paid_at,
        {{ parse_money(raw('商品金额合计'), 'yuan') }} as goods_amount,
        {{ parse_money(raw('运费'), 'yuan') }} as freight_amount,
        {{ parse_money(raw('店铺优惠合计'), 'yuan') }} as discount_amount,
        {{ parse_money(raw('订单实付金额'), 'yuan') }} as paid_amount,
        {{ parse_number(raw('商品种类数'), 'integer') }} as product_kinds,
        {{ clean_text(raw('推广方式')) }} as promo_code,
        {{ clean_text(raw('买家手机号')) }} as phone_key,
        coalesce({{ parse_money(raw('订单已退款金额'), 'yuan') }}, 0) as refunded_amount,
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
        order_status,
        order_kind,
        created_at,
        paid_at,
        goods_amount,
        freight_amount,
        discount_amount,
        paid_amount,
        product_kinds,
        promo_code,
        phone_key,
        refunded_amount,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
