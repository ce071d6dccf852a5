{%- set checks = [
    ('跟团号', "participate_no is null", 'the row has no key: fill it or remove the row'),
    ('订单状态', "order_status is null or order_status not in (" ~ contract_values('kuaituantuan__sheet_orders', '订单状态') ~ ")",
        'unknown 订单状态: add it to the staging model once its meaning is known'),
    ('支付时间', "paid_at is null and " ~ clean_text(raw('支付时间')) ~ " is not null",
        'does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('支付时间', "paid_at is null and order_status not in ('待支付', '已取消')", 'a paid order without the time of its payment'),
    ('订单金额', "paid_amount is null or paid_amount < 0", 'missing or no amount in yuan from 0 on'),
    ('退款金额', "refunded_amount is null", 'does not parse as an amount in yuan'),
    ('退款金额', "refunded_amount < 0 or refunded_amount > paid_amount", 'a refund below zero or above the order amount'),
    ('联系电话', "phone_key is not null and left(phone_key, 3) != 'ph_'",
        'not a pseudonymous key (ph_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('跟团号', "row_in_file > 1",
        'the same number, time and amount twice in one file: two groups that cannot be told apart; use the interface'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('kuaituantuan__sheet_orders') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('跟团号')) }} as participate_no,
        {{ text_to_local(raw('支付时间'), '%Y-%m-%d %H:%M:%S') }} as paid_at,
        {{ parse_money(raw('订单金额'), 'yuan') }} as paid_amount,
        case
            when {{ clean_text(raw('退款金额')) }} is null then 0
            else {{ parse_money(raw('退款金额'), 'yuan') }}
        end as refunded_amount,
        {{ clean_text(raw('订单状态')) }} as order_status,
        {{ clean_text(raw('联系电话')) }} as phone_key,
        {{ clean_text(raw('商品')) }} as goods,
        {{ parse_number(raw('商品种类数'), 'integer') }} as goods_kinds,
        {{ clean_text(raw('自提点')) }} as pickup_point,
        {{ lineage_columns() }}
    from source
),

number_rows as (
    select
        *,
        {{ composite_key([
            'participate_no', "coalesce(cast(paid_at as " ~ dbt.type_string() ~ "), '-')", 'paid_amount',
        ]) }} as sheet_order_id,
        row_number() over (
            partition by participate_no, paid_at, paid_amount, source_file, exported_at
            order by source_row
        ) as row_in_file
    from interpret_cells
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from number_rows
),

final as (
    select
        sheet_order_id,
        participate_no,
        paid_at,
        paid_amount,
        refunded_amount,
        order_status,
        phone_key,
        goods,
        goods_kinds,
        pickup_point,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
