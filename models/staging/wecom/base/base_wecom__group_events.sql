{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_parts('wecom__group_events') }}",
    post_hook="{{ close_parts('wecom__group_events') }}",
) }}
{%- set checks = [
    ('ChatId', "chat_id is null", 'the row has no group: nothing can be counted from it'),
    ('CreateTime', "occurred_at is null", 'missing or does not parse as a Unix epoch in seconds between 2010 and 2100'),
    ('ChangeType',
        "change_type is null or change_type not in ("
        ~ contract_values('wecom__group_events', 'ChangeType') ~ ")",
        'unknown ChangeType: add it to the staging model once its meaning is known'),
    ('UpdateDetail',
        "change_type = 'update' and (update_detail is null"
        ~ " or update_detail not in (" ~ contract_values('wecom__group_events', 'UpdateDetail') ~ "))",
        'unknown UpdateDetail: add it to the staging model once its meaning is known'),
    ('MemChangeCnt', "changed_count is null and " ~ clean_text(raw('MemChangeCnt')) ~ " is not null",
        'does not parse as a whole number'),
    ('MemChangeList', "update_detail in ('add_member', 'del_member') and member_keys is null",
        'people changed but are not named: only the next member snapshot can show who'),
    ('MemChangeList',
        "not " ~ is_key_list('member_keys', ['st', 'wm', 'wb']),
        'not a pseudonymous key (st_…, wm_…, wb_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('MemChangeList',
        "changed_count != length(member_keys) - length(replace(member_keys, ',', '')) + 1",
        'names another number of people than MemChangeCnt: the list was cut off; deliver the callback again'),
    ('JoinScene',
        "join_scene is not null and join_scene not in ("
        ~ contract_values('wecom__group_events', 'JoinScene') ~ ")",
        'unknown JoinScene: add it to the staging model once its meaning is known'),
    ('QuitScene',
        "update_detail = 'del_member' and (quit_scene is null or quit_scene not in ("
        ~ contract_values('wecom__group_events', 'QuitScene') ~ "))",
        'unknown QuitScene: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('wecom__group_events', by_part=true) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ epoch_to_local(raw('CreateTime'), 'seconds') }} as occurred_at,
        {{ clean_text(raw('ChatId')) }} as chat_id,
        {{ clean_text(raw('ChangeType')) }} as change_type,
        {{ clean_text(raw('UpdateDetail')) }} as update_detail,
        {{ clean_text(raw('JoinScene')) }} as join_scene,
        {{ clean_text(raw('QuitScene')) }} as quit_scene,
        {{ parse_number(raw('MemChangeCnt'), 'integer') }} as changed_count,
        {{ clean_text(raw('MemChangeList')) }} as member_keys,
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
        occurred_at,
        chat_id,
        change_type,
        update_detail,
        join_scene,
        quit_scene,
        changed_count,
        member_keys,
        source_file,
        source_row,
        exported_at,
        landed_part,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
