{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('wecom__customers') }}",
    post_hook="{{ close_parts('wecom__customers') }}",
) }}
{%- set checks = [
    ('external_userid', "customer_key is null", 'the row has no key: fill it or remove the row'),
    ('follow_userid', "follower_key is null", 'the row has no key: fill it or remove the row'),
    ('external_userid', "customer_key is not null and left(customer_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('unionid', "union_key is not null and left(union_key, 3) != 'un_'",
        'not a pseudonymous key (un_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('follow_userid', "follower_key is not null and left(follower_key, 3) != 'st_'",
        'not a pseudonymous key (st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('remark_mobiles', "not " ~ is_key_list('phone_keys', ['ph']),
        'not a pseudonymous key (ph_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('createtime', "added_at is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('add_way', "add_way is null and " ~ clean_text(raw('add_way')) ~ " is not null",
        'does not parse as a whole number'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__customers', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('external_userid')) }} as customer_key,
        {{ clean_text(raw('unionid')) }} as union_key,
        {{ clean_text(raw('follow_userid')) }} as follower_key,
        {{ epoch_to_local(raw('createtime'), 'seconds') }} as added_at,
        {{ parse_number(raw('add_way'), 'integer') }} as add_way,
        {{ clean_text(raw('state')) }} as state,
        nullif(
            replace(
                replace(replace(replace({{ trimmed(raw('remark_mobiles')) }}, '[', ''), ']', ''), '"', ''), ' ', ''
            ),
            ''
        ) as phone_keys,
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
        union_key,
        follower_key,
        added_at,
        add_way,
        state,
        phone_keys,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
