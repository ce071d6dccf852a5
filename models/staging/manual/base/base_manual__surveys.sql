{%- set checks = [
    ('问卷编号', "survey_id is null", 'the row has no key: fill it or remove the row'),
    ('发放日期', "sent_date is null", 'missing or does not parse as a date YYYY/M/D'),
    ('发放份数', "surveys_sent is null or surveys_sent <= 0", 'missing or does not parse as a whole number above 0'),
    ('满意度题号', "csat_question_id is not null and left(csat_question_id, 1) != 'Q'",
        'not a question number such as Q1: correct it, or write ——'),
    ('推荐题号', "nps_question_id is not null and left(nps_question_id, 1) != 'Q'",
        'not a question number such as Q1: correct it, or write ——'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('manual__surveys') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('问卷编号')) }} as survey_id,
        {{ clean_text(raw('问卷名称')) }} as survey_name,
        {{ clean_text(raw('社群')) }} as chat_id,
        cast({{ text_to_local(raw('发放日期'), '%Y/%m/%d') }} as date) as sent_date,
        {{ parse_number(raw('发放份数'), 'bigint') }} as surveys_sent,
        {{ clean_text(raw('满意度题号')) }} as csat_question_id,
        {{ clean_text(raw('推荐题号')) }} as nps_question_id,
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
        survey_name,
        chat_id,
        sent_date,
        surveys_sent,
        csat_question_id,
        nps_question_id,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
