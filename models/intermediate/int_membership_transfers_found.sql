-- Who leaves a community and joins another of its family around that time has moved, not left.
with spells as (
    select * from {{ ref('int_membership_spells_built') }}
),

families as (
    select
        community_id,
        community_family
    from {{ ref('int_communities_described') }}
    where community_family is not null
),

list_ends as (
    select
        spells.community_id,
        spells.person_id,
        spells.spell_number,
        families.community_family,
        spells.left_at
    from spells
    inner join families on spells.community_id = families.community_id
    where spells.left_at is not null and spells.leave_reason != 'dissolved'
),

list_joins as (
    select
        spells.community_id,
        spells.person_id,
        families.community_family,
        spells.joined_at
    from spells
    inner join families on spells.community_id = families.community_id
    where not spells.is_join_unknown
),

final as (
    select distinct
        list_ends.community_id,
        list_ends.person_id,
        list_ends.spell_number
    from list_ends
    inner join list_joins
        on list_ends.person_id = list_joins.person_id
        and list_ends.community_family = list_joins.community_family
        and list_ends.community_id != list_joins.community_id
        and list_ends.left_at <= list_joins.joined_at + interval '{{ var("transfer_window_hours") }} hours'
        and list_ends.left_at >= list_joins.joined_at - interval '{{ var("transfer_window_hours") }} hours'
)

select * from final
