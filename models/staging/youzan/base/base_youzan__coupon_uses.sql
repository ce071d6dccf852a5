{%- set checks = [
    ('优惠券编号', "coupon_id is null", 'the row has no key: fill it or remove the row'),
    ('买家手机号', "phone_key is not null and left(phone_key, 3) != 'ph_'",
        'not a pseudonymous key (ph_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('领取时间', "issued_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('使用时间', "used_at is null and " ~ clean_text(raw('使用时间')) ~ " is not null",
        'does not parse as a local time YYYY-MM-DD HH:MM:SS'),
    ('使用时间', "used_at < issued_at", 'used before it was taken'),
    ('优惠金额', "discount_amount is null and " ~ clean_text(raw('优惠金额')) ~ " is not null",
        'does not parse as an amount in yuan'),
    ('优惠金额', "discount_amount is null and used_at is not null", 'a used coupon without the discount it gave'),
    ('优惠金额', "discount_amount < 0", 'a discount below zero'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('youzan__coupon_uses') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('优惠券编号')) }} as coupon_id,
        {{ clean_text(raw('优惠券名称')) }} as coupon_name,
        {{ clean_text(raw('买家手机号')) }} as phone_key,
        {{ text_to_local(raw('领取时间'), '%Y-%m-%d %H:%M:%S') }} as issued_at,
        {{ text_to_local(raw('使用时间'), '%Y-%m-%d %H:%M:%S') }} as used_at,
        {{ clean_text(raw('核销订单号')) }} as order_id,
        {{ parse_money(raw('优惠金额'), 'yuan') }} as discount_amount,
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
        coupon_id,
        coupon_name,
        phone_key,
        issued_at,
        used_at,
        order_id,
        discount_amount,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
