-- 成员一般在入群后第几天退群？
-- How long after joining do people leave?
--
-- Grain: one row per day since joining, 0 to 30.
-- How to read it: inside are the memberships that were seen to begin, were still open at the start of that day, and are
-- old enough to have reached it. left_by_themselves, removed and left_unnoticed ended on that day. A peak on days 0 to
-- 2 points at the welcome and at the promise made by the channel; a later one at the end of a campaign or at weariness.
-- left_unnoticed is dated by the member list that first lacks the member, often weeks late: read it as a total only.
-- Dissolutions and moves to a sister group are no leaves; they end a membership without being counted here.
-- The share who stay: mf query --metrics membership_retention_rate_d1,membership_retention_rate_d7
with memberships as (
    select * from {{ ref('fct_memberships') }}
    where is_counted and not is_older_than_history and not is_join_unknown
),

find_last_day as (
    select max(date_day) as last_date
    from {{ ref('dim_dates') }}
),

list_ages as (
    {% for number in range(31) %}
    select {{ number }} as days_since_joining
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

age_memberships as (
    select
        list_ages.days_since_joining,
        memberships.left_date,
        memberships.leave_reason,
        cast(memberships.joined_date + list_ages.days_since_joining as date) as age_date
    from memberships
    cross join list_ages
),

judge_ages as (
    select
        age_memberships.days_since_joining,
        case
            when age_memberships.left_date = age_memberships.age_date then age_memberships.leave_reason
        end as ended_by
    from age_memberships
    inner join find_last_day on age_memberships.age_date <= find_last_day.last_date
    where age_memberships.left_date is null or age_memberships.left_date >= age_memberships.age_date
),

final as (
    select
        days_since_joining,
        count(*) as inside,
        count(case when ended_by = 'self' then 1 end) as left_by_themselves,
        count(case when ended_by = 'removed' then 1 end) as removed,
        count(case when ended_by = 'unknown' then 1 end) as left_unnoticed
    from judge_ages
    group by days_since_joining
)

select * from final
order by days_since_joining asc
