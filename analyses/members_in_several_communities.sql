-- 有多少人同时在几个群里？
-- How many people are in several communities at once?
--
-- Grain: one row per number of communities that a person is in at the end of the last complete day.
-- How to read it: the persons add up to the metric members (社群总人数), the memberships to the metric memberships
-- (社群总人次); the gap between the two is what counting people in groups would count twice. Whoever is in three groups
-- reads each announcement three times: many persons in the lower rows are a reason to post less often.
-- buyers are those of them with a valid order at any time.
with memberships as (
    select * from {{ ref('fct_memberships') }}
    where is_counted and left_date is null
),

members as (
    select * from {{ ref('dim_members') }}
),

count_communities as (
    select
        person_id,
        count(distinct community_id) as communities
    from memberships
    group by person_id
),

final as (
    select
        count_communities.communities,
        count(*) as persons,
        sum(count_communities.communities) as memberships,
        count(members.first_paid_date) as buyers
    from count_communities
    inner join members on count_communities.person_id = members.person_id
    group by count_communities.communities
)

select * from final
order by communities asc
