-- The first spell of a person over all communities. He is a new member by it only if the join was seen: neither older
-- than the history nor of unknown start.
with memberships as (
    select * from {{ ref('int_memberships_described') }}
),

rank_memberships as (
    select
        *,
        row_number() over (partition by person_id order by joined_at, community_id, membership_id) as membership_number
    from memberships
),

final as (
    select
        person_id,
        membership_id,
        community_id,
        channel_id,
        joined_date,
        joined_at,
        is_counted and not is_older_than_history and not is_join_unknown as is_new_member
    from rank_memberships
    where membership_number = 1
)

select * from final
