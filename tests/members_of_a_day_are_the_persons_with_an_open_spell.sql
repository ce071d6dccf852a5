-- The stock of persons is kept as counts and keys; counted straight from the spells it must be the same, in all
-- communities together and in each. Both are counted in one pass, and by eight bytes for a person, not by the key.
with community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    where not is_membership_unknown
),

spells as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

member_days as (
    select * from {{ ref('fct_member_days') }}
),

count_spells as (
    select
        community_days.date_day,
        coalesce(community_days.community_id, 'all') as community_id,
        count(distinct case when spells.person_id is not null then {{ row_hash(['spells.person_id']) }} end) as persons
    from community_days
    left join spells
        on community_days.community_id = spells.community_id
        and community_days.date_day >= spells.joined_date
        and (spells.left_date is null or community_days.date_day < spells.left_date)
    group by rollup(community_days.date_day, community_days.community_id)
    having community_days.date_day is not null
),

count_stock as (
    select
        date_day,
        coalesce(community_id, 'all') as community_id,
        sum(lone_members)
        + count(
            distinct case when shared_person_id is not null then {{ row_hash(['shared_person_id']) }} end
        ) as persons
    from member_days
    group by rollup(date_day, community_id)
    having date_day is not null
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
