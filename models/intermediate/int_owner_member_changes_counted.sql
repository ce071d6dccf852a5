-- Changes, so that the members of any day are a sum over them; everybody counts here, staff and bots too.
with communities as (
    select * from {{ ref('int_communities_described') }}
    where owner_key is not null
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

list_changes as (
    select
        communities.owner_key,
        memberships.joined_date as date_day,
        1 as member_change,
        case when memberships.is_join_unknown then 0 else 1 end as new_members
    from memberships
    inner join communities on memberships.community_id = communities.community_id
    union all
    select
        communities.owner_key,
        -- who is inside for less than a day is inside at the end of none
        greatest(memberships.left_date, memberships.joined_date) as date_day,
        -1 as member_change,
        0 as new_members
    from memberships
    inner join communities on memberships.community_id = communities.community_id
    where memberships.left_date is not null
),

final as (
    select
        owner_key,
        date_day,
        cast(sum(member_change) as bigint) as member_change,
        cast(sum(new_members) as bigint) as new_members
    from list_changes
    group by owner_key, date_day
)

select * from final
