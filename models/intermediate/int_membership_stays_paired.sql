{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_stays() }}",
    post_hook="{{ close_stays() }}",
    meta={'ledger_items': ['person_id'], 'follows': {'int_membership_evidence_gathered': 'self'}},
) }}

-- Evidence to stays [joined_at, left_at): a join while inside and a repeated leave change nothing.
with communities as (
    select
        communities.*,
        calendar.as_of_date,
        cast(coalesce(communities.observed_from_date, calendar.history_start_date) as timestamp) as observed_from
    from {{ ref('int_communities_described') }} as communities
    cross join {{ ref('int_calendar_bounded') }} as calendar
),

evidence as (
    select * from {{ ref('int_membership_evidence_gathered') }}
    {%- if is_incremental() %}
    where {{ is_touched_item() }}
    {%- endif %}
),

order_evidence as (
    select
        evidence.*,
        lag(evidence.evidence_kind) over (
            partition by evidence.community_id, evidence.person_id
            -- at the same second the leave comes first: who leaves and rejoins is inside
            order by evidence.occurred_at asc, evidence.evidence_kind desc, evidence.leave_reason asc nulls last
        ) as previous_kind
    from evidence
    inner join communities on evidence.community_id = communities.community_id
    where
        cast(evidence.occurred_at as date) <= communities.as_of_date
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
        order by occurred_at asc, evidence_kind desc, leave_reason asc nulls last
    )
),

-- a leave without a join can only be the first that is known of somebody
date_unseen_joins as (
    select
        leaves.community_id,
        leaves.person_id,
        leaves.occurred_at as left_at,
        leaves.leave_reason,
        max(lists.snapshot_at) as last_absent_at
    from pair_joins_with_leaves as leaves
    left join {{ ref('int_member_lists_dated') }} as lists
        on leaves.community_id = lists.community_id
        and leaves.occurred_at > lists.snapshot_at
    where leaves.evidence_kind = 'leave' and leaves.previous_kind is null
    group by leaves.community_id, leaves.person_id, leaves.occurred_at, leaves.leave_reason
),

final as (
    select
        stays.community_id,
        stays.person_id,
        stays.occurred_at as joined_at,
        coalesce(stays.next_at, communities.dissolved_at) as left_at,
        case
            when stays.next_at is not null then stays.next_reason
            when communities.dissolved_at is not null then 'dissolved'
        end as leave_reason,
        false as is_join_unknown
    from pair_joins_with_leaves as stays
    inner join communities on stays.community_id = communities.community_id
    where stays.evidence_kind = 'join'
    union all
    select
        unseen.community_id,
        unseen.person_id,
        -- absent from a list: joined after it; never listed: inside before anybody looked, if the community is as old
        case
            when unseen.last_absent_at >= communities.created_at then unseen.last_absent_at
            when communities.created_at < communities.observed_from then communities.observed_from - interval '1 second'
            else communities.created_at
        end as joined_at,
        unseen.left_at,
        unseen.leave_reason,
        true as is_join_unknown
    from date_unseen_joins as unseen
    inner join communities on unseen.community_id = communities.community_id
)

select * from final
