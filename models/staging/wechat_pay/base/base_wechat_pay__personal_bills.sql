{%- set checks = [
    ('交易单号', "transaction_id is null", 'the row has no key: fill it or remove the row'),
    ('交易单号', is_rounded_number('transaction_id'),
        'a spreadsheet has rounded the number: export again, and open the file with this column as text'),
    ('交易时间', "traded_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('收/支', "direction is null or direction not in (" ~ contract_values('wechat_pay__personal_bills', '收/支') ~ ")",
        'unknown direction: add it to the staging model once its meaning is known'),
    ('金额(元)', "amount is null or amount < 0", 'missing or no amount in yuan from 0 on'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wechat_pay__personal_bills') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('交易单号')) }} as transaction_id,
        {{ text_to_local(raw('交易时间'), '%Y-%m-%d %H:%M:%S') }} as traded_at,
        {{ clean_text(raw('交易类型')) }} as transaction_kind,
        nullif({{ trimmed(raw('收/支')) }}, '') as direction,
        {{ parse_money(raw('金额(元)'), 'yuan') }} as amount,
        {{ clean_text(raw('支付方式')) }} as payment_method,
        {{ clean_text(raw('当前状态')) }} as transaction_state,
        {{ clean_text(raw('商户单号')) }} as merchant_order_id,
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
        traded_at,
        transaction_kind,
        direction,
        amount,
        payment_method,
        transaction_state,
        merchant_order_id,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
