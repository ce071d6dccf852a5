-- Evidence to stays [joined_at, left_at): a join while inside and a repeated leave change nothing.
with evidence as (
    select * from {{ ref('int_membership_evidence_gathered') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

snapshots as (
    select distinct
        chat_id as community_id,
        exported_at as snapshot_at
    from {{ ref('stg_wecom__group_members') }}
),

order_evidence as (
    select
        evidence.*,
        communities.dissolved_at,
        communities.created_at,
        cast(coalesce(communities.observed_from_date, calendar.history_start_date) as timestamp) as observed_from,
        lag(evidence.evidence_kind) over (
            partition by evidence.community_id, evidence.person_id
            -- at the same second the leave comes first: who leaves and rejoins is inside
            order by evidence.occurred_at asc, evidence.evidence_kind desc, evidence.leave_reason asc
        ) as previous_kind
    from evidence
    inner join communities on evidence.community_id = communities.community_id
    cross join calendar
    where
        cast(evidence.occurred_at as date) <= calendar.as_of_date
        and (communities.dissolved_at is null or evidence.occurred_at <= communities.dissolved_at)
),

pair_joins_with_leaves as (
    select
        *,
        lead(occurred_at) over later_evidence as next_at,
        lead(leave_reason) over later_evidence as next_reason
    from order_evidence
    where previous_kind is null or previous_kind != evidence_kind
    window later_evidence as (
        partition by community_id, person_id
        order by occurred_at asc, evidence_kind desc, leave_reason asc
    )
),

date_unseen_joins as (
    select
        leaves.community_id,
        leaves.person_id,
        leaves.occurred_at,
        max(snapshots.snapshot_at) as last_absent_at
    from pair_joins_with_leaves as leaves
    left join snapshots
        on leaves.community_id = snapshots.community_id
        and leaves.occurred_at > snapshots.snapshot_at
    where leaves.evidence_kind = 'leave' and leaves.previous_kind is null
    group by leaves.community_id, leaves.person_id, leaves.occurred_at
),

list_stays as (
    select
        community_id,
        person_id,
        occurred_at as joined_at,
        coalesce(next_at, dissolved_at) as left_at,
        case
            when next_at is not null then next_reason
            when dissolved_at is not null then 'dissolved'
        end as leave_reason,
        false as is_join_unknown
    from pair_joins_with_leaves
    where evidence_kind = 'join'
    union all
    select
        leaves.community_id,
        leaves.person_id,
        -- absent from a list: joined after it; never listed: inside before anybody looked, if the community is as old
        case
            when date_unseen_joins.last_absent_at >= leaves.created_at then date_unseen_joins.last_absent_at
            when leaves.created_at < leaves.observed_from then leaves.observed_from - interval '1 second'
            else leaves.created_at
        end as joined_at,
        leaves.occurred_at as left_at,
        leaves.leave_reason,
        true as is_join_unknown
    from pair_joins_with_leaves as leaves
    inner join date_unseen_joins
        on leaves.community_id = date_unseen_joins.community_id
        and leaves.person_id = date_unseen_joins.person_id
        and leaves.occurred_at = date_unseen_joins.occurred_at
    where leaves.evidence_kind = 'leave' and leaves.previous_kind is null
),

final as (
    select
        community_id,
        person_id,
        joined_at,
        left_at,
        leave_reason,
        is_join_unknown
    from list_stays
)

select * from final
