-- A member is lost with a spell that he or an admin ended on a day after which he is in no community.
-- Who leaves several communities on that day has a row for each of them.
with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
),

channel_days as (
    select * from {{ ref('int_membership_flows_counted') }}
),

list_ends as (
    select memberships.*
    from memberships
    inner join community_days
        on memberships.community_id = community_days.community_id
        and memberships.left_date = community_days.date_day
    where memberships.leave_reason in ('self', 'removed', 'unknown')
),

find_who_stays as (
    select distinct list_ends.membership_id
    from list_ends
    inner join memberships as other_spells
        on list_ends.person_id = other_spells.person_id
        and list_ends.left_date >= other_spells.joined_date
        and (other_spells.left_date is null or list_ends.left_date < other_spells.left_date)
),

final as (
    select
        list_ends.membership_id as lost_member_id,
        list_ends.community_id,
        list_ends.channel_id,
        list_ends.person_id,
        list_ends.leave_reason,
        list_ends.left_date
    from list_ends
    left join find_who_stays on list_ends.membership_id = find_who_stays.membership_id
    where find_who_stays.membership_id is null
    union all
    select
        {{ composite_key(["'empty'", 'community_id', 'channel_id', 'date_day']) }} as lost_member_id,
        community_id,
        channel_id,
        null as person_id,
        null as leave_reason,
        date_day as left_date
    from channel_days
)

select * from final
