{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('kuaituantuan__orders') }}",
    post_hook="{{ close_parts('kuaituantuan__orders') }}",
) }}
{%- set checks = [
    ('order_sn', "order_id is null", 'the row has no key: fill it or remove the row'),
    ('order_sn', is_rounded_number('order_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('supply_participate_no', "(supply_activity_no is null) != (supply_participate_no is null)",
        'a resold sale needs both the activity and the participant of its supplier'),
    ('open_id', "open_key is not null and left(open_key, 3) != 'op_'",
        'not a pseudonymous key (op_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('help_sell_open_id', "reseller_open_key is not null and left(reseller_open_key, 3) != 'op_'",
        'not a pseudonymous key (op_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('is_supplier', "is_supplier is null", 'missing or does not parse as 0 or 1'),
    ('order_amount', "paid_amount is null", 'missing or does not parse as a whole number of fen'),
    ('shipping_amount',
        parse_money(raw('shipping_amount'), 'fen') ~ " is null and " ~ clean_text(raw('shipping_amount'))
        ~ " is not null",
        'does not parse as a whole number of fen'),
    ('discount_amount',
        parse_money(raw('discount_amount'), 'fen') ~ " is null and " ~ clean_text(raw('discount_amount'))
        ~ " is not null",
        'does not parse as a whole number of fen'),
    ('platform_discount_amount',
        parse_money(raw('platform_discount_amount'), 'fen') ~ " is null and " ~ clean_text(raw('platform_discount_amount'))
        ~ " is not null",
        'does not parse as a whole number of fen'),
    ('theoretical_refund_amount',
        parse_money(raw('theoretical_refund_amount'), 'fen') ~ " is null and " ~ clean_text(raw('theoretical_refund_amount'))
        ~ " is not null",
        'does not parse as a whole number of fen'),
    ('theoretical_refund_amount', "agreed_refund_amount < 0 or agreed_refund_amount > paid_amount",
        'a refund below zero or above the order amount'),
    ('after_sales_status',
        "after_sales_status is null or after_sales_status not in ("
        ~ contract_values('kuaituantuan__orders', 'after_sales_status', 'number') ~ ")",
        'unknown after_sales_status: add it to the staging model once its meaning is known'),
    ('cancel_status', "is_cancelled is null", 'missing or does not parse as 0 or 1'),
    ('mall_activity_type',
        "mall_activity_type is null or mall_activity_type not in ("
        ~ contract_values('kuaituantuan__orders', 'mall_activity_type', 'number') ~ ")",
        'unknown mall_activity_type: add it to the staging model once its meaning is known'),
    ('confirm_at', "paid_at is null and " ~ clean_text(raw('confirm_at')) ~ " is not null",
        'does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('updated_at', "updated_at is null",
        'missing or does not parse as a Unix epoch in milliseconds between 2010 and 2100'),
    ('order_sn', "is_repeated", 'the same order of one activity twice in one file'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as {{ not_materialized() }} (
    select *
    from {{ export('kuaituantuan__orders', by_part=true) }} as raw_rows
),

interpret_cells as {{ not_materialized() }} (
    select
        source.*,
        {{ clean_text(raw('order_sn')) }} as order_id,
        {{ clean_text(raw('activity_no')) }} as activity_no,
        {{ clean_text(raw('participate_no')) }} as participate_no,
        {{ clean_text(raw('supply_activity_no')) }} as supply_activity_no,
        {{ clean_text(raw('supply_participate_no')) }} as supply_participate_no,
        case {{ trimmed(raw('is_supplier')) }} when '1' then true when '0' then false end as is_supplier,
        {{ clean_text(raw('help_sell_open_id')) }} as reseller_open_key,
        {{ clean_text(raw('open_id')) }} as open_key,
        {{ parse_money(raw('order_amount'), 'fen') }} as paid_amount,
        coalesce({{ parse_money(raw('shipping_amount'), 'fen') }}, 0) as freight_amount,
        coalesce({{ parse_money(raw('discount_amount'), 'fen') }}, 0) as discount_amount,
        coalesce({{ parse_money(raw('platform_discount_amount'), 'fen') }}, 0) as platform_discount_amount,
        coalesce({{ parse_money(raw('theoretical_refund_amount'), 'fen') }}, 0) as agreed_refund_amount,
        {{ parse_number(raw('after_sales_status'), 'integer') }} as after_sales_status,
        case {{ trimmed(raw('cancel_status')) }} when '1' then true when '0' then false end as is_cancelled,
        {{ parse_number(raw('mall_activity_type'), 'integer') }} as mall_activity_type,
        {{ epoch_to_local(raw('confirm_at'), 'milliseconds') }} as paid_at,
        {{ epoch_to_local(raw('updated_at'), 'milliseconds') }} as updated_at,
        {{ lineage_columns() }}
    from source
),

-- few stand twice in a file: numbering all rows would sort them
list_repeated as (
    select
        order_id,
        activity_no,
        landed_part,
        source_file,
        exported_at,
        min(source_row) as first_row
    from interpret_cells
    group by order_id, activity_no, landed_part, source_file, exported_at
    having count(*) > 1
),

mark_repeated as (
    select
        interpret_cells.*,
        interpret_cells.source_row > list_repeated.first_row as is_repeated
    from interpret_cells
    left join list_repeated
        on interpret_cells.order_id = list_repeated.order_id
        and interpret_cells.activity_no is not distinct from list_repeated.activity_no
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
        activity_no,
        participate_no,
        supply_activity_no,
        supply_participate_no,
        is_supplier,
        reseller_open_key,
        open_key,
        paid_amount,
        freight_amount,
        discount_amount,
        platform_discount_amount,
        agreed_refund_amount,
        after_sales_status,
        is_cancelled,
        mall_activity_type,
        paid_at,
        updated_at,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
