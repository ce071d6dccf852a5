select
    community_id,
    channel_id,
    first_joined_date,
    sum(joined) as joined,
    sum(activated) as activated,
    sum(first_ordered) as first_ordered,
    sum(repurchased) as repurchased,
    sum(referred) as referred
from {{ ref('fct_funnel_entries') }}
group by community_id, channel_id, first_joined_date
having
    sum(activated) > sum(joined)
    or sum(first_ordered) > sum(activated)
    or sum(repurchased) > sum(first_ordered)
    or sum(referred) > sum(repurchased)
