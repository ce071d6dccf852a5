select
    earlier.membership_id,
    later.membership_id as overlapping_membership_id
from {{ ref('fct_memberships') }} as earlier
inner join {{ ref('fct_memberships') }} as later
    on earlier.community_id = later.community_id
    and earlier.person_id = later.person_id
    and earlier.membership_id != later.membership_id
    and earlier.joined_at <= later.joined_at
    and (earlier.left_at is null or earlier.left_at > later.joined_at)
