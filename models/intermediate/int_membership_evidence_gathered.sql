{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_evidence() }}",
    post_hook="{{ close_evidence() }}",
    meta={'ledger_items': ['person_id'], 'follows': {'int_identities_resolved': 'persons'}},
) }}

-- Every trace that somebody was in a community or no longer was: callbacks, join times in snapshots,
-- absence in a snapshot.
with identities as (
    select * from {{ ref('int_identities_resolved') }}
    {%- if is_incremental() %}
    where {{ is_touched_item() }}
    {%- endif %}
),

group_events as (
    select * from {{ ref('stg_wecom__group_events') }}
),

group_members as (
    select * from {{ ref('stg_wecom__group_members') }}
),

lists as (
    select * from {{ ref('int_member_lists_dated') }}
),

name_callbacks as (
    select
        group_events.chat_id as community_id,
        identities.person_id,
        group_events.occurred_at,
        case when group_events.update_detail = 'add_member' then 'join' else 'leave' end as evidence_kind,
        case group_events.quit_scene when '0' then 'self' when '1' then 'removed' end as leave_reason
    from group_events
    inner join identities on group_events.member_key = identities.identity_key
    where group_events.update_detail in ('add_member', 'del_member')
),

name_presences as (
    select distinct
        group_members.chat_id as community_id,
        identities.person_id,
        group_members.joined_at,
        group_members.exported_at as snapshot_at
    from group_members
    inner join identities on group_members.member_key = identities.identity_key
),

-- who joined before a list, or stands in the list before it, must be in it, or has left unnoticed before it
expect_next_list as (
    select
        name_callbacks.community_id,
        name_callbacks.person_id,
        lists.snapshot_at
    from name_callbacks
    inner join lists
        on name_callbacks.community_id = lists.community_id
        and name_callbacks.occurred_at < lists.snapshot_at
        and (lists.previous_snapshot_at is null or name_callbacks.occurred_at >= lists.previous_snapshot_at)
    where name_callbacks.evidence_kind = 'join'
    union
    select
        name_presences.community_id,
        name_presences.person_id,
        lists.snapshot_at
    from name_presences
    inner join lists
        on name_presences.community_id = lists.community_id
        and name_presences.snapshot_at = lists.previous_snapshot_at
),

infer_leaves as (
    select
        expect_next_list.community_id,
        expect_next_list.person_id,
        expect_next_list.snapshot_at as occurred_at,
        'leave' as evidence_kind,
        'unknown' as leave_reason
    from expect_next_list
    left join name_presences
        on expect_next_list.community_id = name_presences.community_id
        and expect_next_list.person_id = name_presences.person_id
        and expect_next_list.snapshot_at = name_presences.snapshot_at
    where name_presences.person_id is null
),

final as (
    select
        community_id,
        person_id,
        occurred_at,
        evidence_kind,
        leave_reason
    from name_callbacks
    union
    select
        community_id,
        person_id,
        joined_at as occurred_at,
        'join' as evidence_kind,
        null as leave_reason
    from name_presences
    union
    select
        community_id,
        person_id,
        occurred_at,
        evidence_kind,
        leave_reason
    from infer_leaves
)

select * from final
