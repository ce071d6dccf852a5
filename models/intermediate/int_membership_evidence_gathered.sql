-- Every trace that somebody was in a community or no longer was: callbacks, join times in snapshots,
-- absence in a snapshot.
with identities as (
    select * from {{ ref('int_identities_resolved') }}
),

group_events as (
    select * from {{ ref('stg_wecom__group_events') }}
),

group_members as (
    select * from {{ ref('stg_wecom__group_members') }}
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

list_snapshots as (
    select distinct
        community_id,
        snapshot_at
    from name_presences
),

open_snapshot_intervals as (
    select
        community_id,
        snapshot_at as closes_at,
        coalesce(
            lag(snapshot_at) over (partition by community_id order by snapshot_at),
            timestamp '1900-01-01'
        ) as opens_at
    from list_snapshots
),

gather_sightings as (
    select
        community_id,
        person_id,
        occurred_at as seen_at
    from name_callbacks
    where evidence_kind = 'join'
    union all
    select
        community_id,
        person_id,
        snapshot_at as seen_at
    from name_presences
),

-- a person seen inside must be in the next snapshot, or has left unnoticed before it
expect_next_snapshot as (
    select distinct
        gather_sightings.community_id,
        gather_sightings.person_id,
        open_snapshot_intervals.closes_at as snapshot_at
    from gather_sightings
    inner join open_snapshot_intervals
        on gather_sightings.community_id = open_snapshot_intervals.community_id
        and gather_sightings.seen_at >= open_snapshot_intervals.opens_at
        and gather_sightings.seen_at < open_snapshot_intervals.closes_at
),

infer_leaves as (
    select
        expect_next_snapshot.community_id,
        expect_next_snapshot.person_id,
        expect_next_snapshot.snapshot_at as occurred_at,
        'leave' as evidence_kind,
        'unknown' as leave_reason
    from expect_next_snapshot
    left join name_presences
        on expect_next_snapshot.community_id = name_presences.community_id
        and expect_next_snapshot.person_id = name_presences.person_id
        and expect_next_snapshot.snapshot_at = name_presences.snapshot_at
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
