{%- set checks = [
    ('external_userid', "customer_key is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "left(customer_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('age_band', "age_band not in (" ~ contract_values('scrm__customer_demographics', 'age_band') ~ ")",
        'unknown age band: use 18-24, 25-34, 35-44, 45-54 or 55+; exact ages may not enter the warehouse', 'hidden'),
    ('gender', "gender is null", 'unknown code: 0 unknown, 1 male, 2 female'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('scrm__customer_demographics') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('external_userid')) }} as customer_key,
        {{ clean_text(raw('age_band')) }} as age_band,
        case {{ trimmed(raw('gender')) }}
            when '0' then 'unknown'
            when '1' then 'male'
            when '2' then 'female'
        end as gender,
        {{ clean_text(raw('region')) }} as region,
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
        customer_key,
        age_band,
        gender,
        region,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
