{%- set checks = [
    ('总交易单数', "trade_count is null", 'missing or does not parse as a whole number'),
    ('应结订单总金额', "settled_amount is null", 'missing or does not parse as an amount in yuan'),
    ('退款总金额', "refund_amount is null", 'missing or does not parse as an amount in yuan'),
    ('手续费总金额', "fee_amount is null", 'missing or does not parse as an amount in yuan with five decimals'),
    ('订单总金额', "order_amount is null", 'missing or does not parse as an amount in yuan'),
    ('申请退款总金额', "requested_refund_amount is null", 'missing or does not parse as an amount in yuan'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wechat_pay__bill_totals') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ parse_number(bill_cell(raw('总交易单数')), 'integer') }} as trade_count,
        {{ parse_money(bill_cell(raw('应结订单总金额')), 'yuan') }} as settled_amount,
        {{ parse_money(bill_cell(raw('退款总金额')), 'yuan') }} as refund_amount,
        {{ parse_number(bill_cell(raw('手续费总金额')), 'decimal(18, 5)') }} as fee_amount,
        {{ parse_money(bill_cell(raw('订单总金额')), 'yuan') }} as order_amount,
        {{ parse_money(bill_cell(raw('申请退款总金额')), 'yuan') }} as requested_refund_amount,
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
        trade_count,
        settled_amount,
        refund_amount,
        fee_amount,
        order_amount,
        requested_refund_amount,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
