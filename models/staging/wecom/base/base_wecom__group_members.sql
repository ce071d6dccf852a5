{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('wecom__group_members') }}",
    post_hook="{{ close_parts('wecom__group_members') }}",
) }}
{%- set checks = [
    ('chat_id', "chat_id is null", 'the row has no key: fill it or remove the row'),
    ('userid', "member_key is null", 'the row has no key: fill it or remove the row'),
    ('userid',
        "member_key is not null and left(member_key, 3) not in ('st_', 'wm_', 'wb_')",
        'not a pseudonymous key (st_…, wm_…, wb_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('unionid', "union_key is not null and left(union_key, 3) != 'un_'",
        'not a pseudonymous key (un_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('invitor', "inviter_key is not null and left(inviter_key, 3) != 'st_'",
        'not a pseudonymous key (st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('join_time', "joined_at is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('join_scene',
        "join_scene is not null and join_scene not in ("
        ~ contract_values('wecom__group_members', 'join_scene') ~ ")",
        'unknown join_scene: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__group_members', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('chat_id')) }} as chat_id,
        {{ clean_text(raw('userid')) }} as member_key,
        {{ clean_text(raw('unionid')) }} as union_key,
        {{ epoch_to_local(raw('join_time'), 'seconds') }} as joined_at,
        {{ clean_text(raw('join_scene')) }} as join_scene,
        {{ clean_text(raw('state')) }} as state,
        {{ clean_text(raw('invitor')) }} as inviter_key,
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
        chat_id,
        member_key,
        union_key,
        joined_at,
        join_scene,
        state,
        inviter_key,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
