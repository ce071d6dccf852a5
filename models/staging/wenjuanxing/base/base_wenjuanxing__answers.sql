{%- set checks = [
    ('问卷编号', "survey_id is null", 'the row has no key: fill it or remove the row'),
    ('序号', "sheet_number is null", 'missing or does not parse as a whole number'),
    ('题号', "question_id is null", 'the row has no key: fill it or remove the row'),
    ('提交答卷时间', "submitted_at is null",
        'missing or does not parse as a local time YYYY/MM/DD HH:MM:SS or YYYY-MM-DD HH:MM:SS'),
    ('所用时间', "duration_seconds is null and " ~ clean_text(raw('所用时间')) ~ " is not null",
        'does not parse as a whole number of seconds'),
    ('客户',
        "customer_key is not null and left(customer_key, 3) not in ('wm_', 'st_')",
        'not a pseudonymous key (wm_…, st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wenjuanxing__answers') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('问卷编号')) }} as survey_id,
        {{ parse_number(raw('序号'), 'bigint') }} as sheet_number,
        coalesce(
            {{ text_to_local(raw('提交答卷时间'), '%Y/%m/%d %H:%M:%S') }},
            {{ text_to_local(raw('提交答卷时间'), '%Y-%m-%d %H:%M:%S') }}
        ) as submitted_at,
        {{ parse_number("replace(" ~ raw('所用时间') ~ ", '秒', '')", 'bigint') }} as duration_seconds,
        {{ clean_text(raw('来源')) }} as origin,
        {{ clean_text(raw('客户')) }} as customer_key,
        {{ clean_text(raw('题号')) }} as question_id,
        nullif(nullif({{ clean_text(raw('答案')) }}, '-2'), '-3') as answer,
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
        survey_id,
        sheet_number,
        submitted_at,
        duration_seconds,
        origin,
        customer_key,
        question_id,
        answer,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
