select
    today.community_id,
    today.channel_id,
    today.date_day,
    yesterday.closing_memberships,
    today.opening_memberships
from {{ ref('fct_membership_flows') }} as today
inner join {{ ref('fct_membership_flows') }} as yesterday
    on today.community_id = yesterday.community_id
    and today.channel_id = yesterday.channel_id
    and today.date_day = yesterday.date_day + 1
where today.opening_memberships != yesterday.closing_memberships
