{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('wechat_pay__trade_bills') }}",
    post_hook="{{ close_parts('wechat_pay__trade_bills') }}",
) }}
{%- set checks = [
    ('微信订单号', "transaction_id is null", 'the row has no key: fill it or remove the row'),
    ('商户订单号', "order_id is null", 'the row names no order: fill it or remove the row'),
    ('商户订单号', is_rounded_number('order_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('用户标识', "open_key is not null and left(open_key, 3) != 'op_'",
        'not a pseudonymous key (op_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('交易状态', "trade_state is null or trade_state not in (" ~ contract_values('wechat_pay__trade_bills', '交易状态') ~ ")",
        'unknown 交易状态: add it to the staging model once its meaning is known'),
    ('微信退款单号', "refund_id is null and trade_state = 'REFUND'", 'a refund without its number'),
    ('退款状态',
        "refund_state is not null and refund_state not in ("
        ~ contract_values('wechat_pay__trade_bills', '退款状态') ~ ")",
        'unknown 退款状态: add it to the staging model once its meaning is known'),
    ('交易时间', "traded_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('应结订单金额', "settled_amount is null", 'missing or does not parse as an amount in yuan'),
    ('订单金额', "order_amount is null", 'missing or does not parse as an amount in yuan'),
    ('退款金额', "refund_amount is null", 'missing or does not parse as an amount in yuan'),
    ('申请退款金额', "requested_refund_amount is null", 'missing or does not parse as an amount in yuan'),
    ('退款金额', "refund_amount < 0", 'a refund is written as a positive amount'),
    ('手续费', "fee_amount is null", 'missing or does not parse as an amount in yuan with five decimals'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wechat_pay__trade_bills', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(bill_cell(raw('微信订单号'))) }} as transaction_id,
        {{ clean_text(bill_cell(raw('商户订单号'))) }} as order_id,
        {{ clean_text(bill_cell(raw('微信退款单号'))) }} as refund_id,
        {{ clean_text(bill_cell(raw('用户标识'))) }} as open_key,
        {{ clean_text(bill_cell(raw('交易状态'))) }} as trade_state,
        {{ clean_text(bill_cell(raw('退款状态'))) }} as refund_state,
        {{ text_to_local("replace(" ~ bill_cell(raw('交易时间')) ~ ", '：', ':')", '%Y-%m-%d %H:%M:%S') }} as traded_at,
        {{ parse_money(bill_cell(raw('应结订单金额')), 'yuan') }} as settled_amount,
        {{ parse_money(bill_cell(raw('订单金额')), 'yuan') }} as order_amount,
        {{ parse_money(bill_cell(raw('退款金额')), 'yuan') }} as refund_amount,
        {{ parse_money(bill_cell(raw('申请退款金额')), 'yuan') }} as requested_refund_amount,
        {{ parse_number(bill_cell(raw('手续费')), 'decimal(18, 5)') }} as fee_amount,
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
        transaction_id,
        order_id,
        refund_id,
        open_key,
        trade_state,
        refund_state,
        traded_at,
        settled_amount,
        order_amount,
        refund_amount,
        requested_refund_amount,
        fee_amount,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
