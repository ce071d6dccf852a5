-- Passes if, in every community and on every day, interactions with content equal its comments, likes and shares.
with interactions as (
    select
        community_id,
        date_day,
        sum(interactions) as interactions
    from {{ ref('fct_interactions') }}
    where interaction_type in ('comment', 'like', 'share')
    group by community_id, date_day
),

content_days as (
    select
        community_id,
        date_day,
        sum(comment_count + like_count + share_count) as content_counts
    from {{ ref('fct_content_days') }}
    group by community_id, date_day
)

select
    interactions.interactions,
    content_days.content_counts,
    coalesce(interactions.community_id, content_days.community_id) as community_id,
    coalesce(interactions.date_day, content_days.date_day) as date_day
from interactions
full outer join content_days
    on interactions.community_id = content_days.community_id
    and interactions.date_day = content_days.date_day
where coalesce(interactions.interactions, 0) != coalesce(content_days.content_counts, 0)
