{%- set checks = [
    ('inviter', "inviter_key is null", 'the row has no key: fill it or remove the row'),
    ('invitee', "invitee_key is null", 'the row has no key: fill it or remove the row'),
    ('inviter',
        "inviter_key is not null and left(inviter_key, 3) not in ('wm_', 'st_')",
        'not a pseudonymous key (wm_…, st_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('invitee', "invitee_key is not null and left(invitee_key, 3) != 'wm_'",
        'not a pseudonymous key (wm_…): raw identifiers may not enter the warehouse', 'hidden'),
    ('invited_at', "invited_at is null", 'missing or does not parse as a local time YYYY/MM/DD HH:MM'),
    ('status',
        "invite_status is not null and invite_status not in ("
        ~ contract_values('referral__records', 'status') ~ ")",
        'unknown status: add it to the staging model once its meaning is known'),
    ('_exported_at', "exported_at is null", 'missing or does not parse as a local time YYYY-MM-DD HH:MM:SS'),
] -%}

with source as (
    select *
    from {{ export('referral__records') }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('inviter')) }} as inviter_key,
        {{ clean_text(raw('invitee')) }} as invitee_key,
        {{ clean_text(raw('invite_code')) }} as invite_code,
        {{ text_to_local(raw('invited_at'), '%Y/%m/%d %H:%M') }} as invited_at,
        {{ clean_text(raw('status')) }} as invite_status,
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
        inviter_key,
        invitee_key,
        invite_code,
        invited_at,
        invite_status,
        source_file,
        source_row,
        exported_at,
        {{ problem_columns(checks) }}
    from find_problems
)

select * from final
