-- Closing = opening + joins - leaves - dissolved - moved to a sister group, for every community, channel and day.
-- Stock is counted from open spells and flow from their ends, so a spell lost by either shows here.
select
    community_id,
    channel_id,
    date_day,
    opening_memberships,
    new_memberships,
    leaves,
    dissolved_memberships,
    transferred_memberships,
    closing_memberships
from {{ ref('fct_membership_flows') }}
where
    closing_memberships
    != opening_memberships + new_memberships - leaves - dissolved_memberships - transferred_memberships
