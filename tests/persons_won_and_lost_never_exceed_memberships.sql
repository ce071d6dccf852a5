-- A new member is a new membership, a lost member a leave: per community, channel and day there are never more of them.
with count_persons as (
    select
        community_id,
        channel_id,
        first_joined_date as date_day,
        sum(new_members) as new_members,
        0 as lost_members
    from {{ ref('fct_new_members') }}
    group by community_id, channel_id, first_joined_date
    union all
    select
        community_id,
        channel_id,
        left_date as date_day,
        0 as new_members,
        count(distinct person_id) as lost_members
    from {{ ref('fct_lost_members') }}
    group by community_id, channel_id, left_date
)

select
    count_persons.community_id,
    count_persons.channel_id,
    count_persons.date_day,
    count_persons.new_members,
    count_persons.lost_members,
    flows.new_memberships,
    flows.leaves
from count_persons
left join {{ ref('fct_membership_flows') }} as flows
    on count_persons.community_id = flows.community_id
    and count_persons.channel_id = flows.channel_id
    and count_persons.date_day = flows.date_day
where
    count_persons.new_members > coalesce(flows.new_memberships, 0)
    or count_persons.lost_members > coalesce(flows.leaves, 0)
