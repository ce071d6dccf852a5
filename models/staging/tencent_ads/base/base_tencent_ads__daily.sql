{%- set checks = [
    ('adgroup_id', "adgroup_id is null", 'the row has no key: fill it or remove the row'),
    ('date', "stat_date is null", 'missing or does not parse as a date YYYY-MM-DD'),
    ('view_count', "impressions is null", 'missing or does not parse as a whole number'),
    ('view_user_count', "exposed_persons is null and " ~ clean_text(raw('view_user_count')) ~ " is not null",
        'does not parse as a whole number'),
    ('valid_click_count', "clicks is null and " ~ clean_text(raw('valid_click_count')) ~ " is not null",
        'does not parse as a whole number'),
    ('cost', "cost_amount is null", 'missing or does not parse as a whole number of fen'),
    ('conversions_count', "conversions is null and " ~ clean_text(raw('conversions_count')) ~ " is not null",
        'does not parse as a whole number'),
    ('view_count', "impressions < 0", 'impressions below zero'),
    ('cost', "cost_amount < 0", 'a cost below zero'),
    ('valid_click_count', "clicks < 0 or clicks > impressions",
        'more clicks than impressions, or fewer than none: are the columns swapped?'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('tencent_ads__daily') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        cast({{ text_to_local(raw('date'), '%Y-%m-%d') }} as date) as stat_date,
        {{ clean_text(raw('adgroup_id')) }} as adgroup_id,
        {{ parse_number(raw('view_count'), 'bigint') }} as impressions,
        {{ parse_number(raw('view_user_count'), 'bigint') }} as exposed_persons,
        {{ parse_number(raw('valid_click_count'), 'bigint') }} as clicks,
        {{ parse_money(raw('cost'), 'fen') }} as cost_amount,
        {{ parse_number(raw('conversions_count'), 'bigint') }} as conversions,
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
        stat_date,
        adgroup_id,
        impressions,
        exposed_persons,
        clicks,
        cost_amount,
        conversions,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
