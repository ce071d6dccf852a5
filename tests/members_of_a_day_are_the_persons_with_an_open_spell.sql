-- The stock of persons is kept as counts and keys; counted straight from the spells it must be the same, in all
-- communities together and in each.
with days as (
    select distinct date_day
    from {{ ref('int_community_days_spanned') }}
    where not is_membership_unknown
),

communities as (
    select * from {{ ref('int_community_days_spanned') }}
    where not is_membership_unknown
),

spells as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

count_spells as (
    select
        days.date_day,
        'all' as community_id,
        count(distinct spells.person_id) as persons
    from days
    inner join communities on days.date_day = communities.date_day
    left join spells
        on communities.community_id = spells.community_id
        and days.date_day >= spells.joined_date
        and (spells.left_date is null or days.date_day < spells.left_date)
    group by days.date_day
    union all
    select
        communities.date_day,
        communities.community_id,
        count(distinct spells.person_id) as persons
    from communities
    left join spells
        on communities.community_id = spells.community_id
        and communities.date_day >= spells.joined_date
        and (spells.left_date is null or communities.date_day < spells.left_date)
    group by communities.date_day, communities.community_id
),

count_stock as (
    select
        date_day,
        'all' as community_id,
        sum(lone_members) + count(distinct shared_person_id) as persons
    from {{ ref('fct_member_days') }}
    group by date_day
    union all
    select
        date_day,
        community_id,
        sum(lone_members) + count(distinct shared_person_id) as persons
    from {{ ref('fct_member_days') }}
    group by date_day, community_id
)

select
    count_spells.date_day,
    count_spells.community_id,
    count_spells.persons as persons_with_a_spell,
    count_stock.persons as persons_in_stock
from count_spells
full outer join count_stock
    on count_spells.date_day = count_stock.date_day
    and count_spells.community_id = count_stock.community_id
where coalesce(count_spells.persons, -1) != coalesce(count_stock.persons, -1)
