-- 哪些社群里的老客快要流失了？
-- In which communities are repeat buyers about to be lost?
--
-- Grain: one row per community at the last complete day, and one for repeat buyers who are in no community (未归属).
-- How to read it: a repeat buyer has bought on at least two days. "Lapsing" have last bought 60 to 89 days ago and will
-- be in the segment 需求型 within 30 days unless they buy; "lapsed" are there already. lapsing_net_amount is what the
-- lapsing have spent so far, in yuan: where it is high, winning them back is worth a coupon or a talk.
-- Who is in several communities stands in each of them: the rows do not add up.
-- It lists communities, not persons, on purpose. Numbers per segment:
--   mf query --metrics segment_members --group-by metric_time__month,member_snapshot__user_segment_label
{%- set window_days = var('segment_window_days') %}
with orders as (
    select * from {{ ref('fct_orders') }}
    where is_valid
),

memberships as (
    select * from {{ ref('fct_memberships') }}
    where left_date is null
),

members as (
    select * from {{ ref('dim_members') }}
    where is_counted
),

communities as (
    select * from {{ ref('dim_communities') }}
),

find_last_day as (
    select max(date_day) as last_date
    from {{ ref('dim_dates') }}
),

summarise_buyers as (
    select
        person_id,
        max(paid_date) as last_paid_date,
        sum(net_amount) as net_amount
    from orders
    group by person_id
    having count(distinct paid_date) >= 2
),

judge_buyers as (
    select
        summarise_buyers.person_id,
        summarise_buyers.net_amount,
        summarise_buyers.last_paid_date <= find_last_day.last_date - {{ window_days }} as is_lapsed,
        summarise_buyers.last_paid_date > find_last_day.last_date - {{ window_days }}
        and summarise_buyers.last_paid_date <= find_last_day.last_date - {{ window_days - 30 }} as is_lapsing
    from summarise_buyers
    inner join members on summarise_buyers.person_id = members.person_id
    cross join find_last_day
),

place_buyers as (
    select distinct
        judge_buyers.*,
        coalesce(memberships.community_id, 'unattributed') as community_id
    from judge_buyers
    left join memberships on judge_buyers.person_id = memberships.person_id
),

final as (
    select
        communities.community_name,
        communities.community_type_label,
        count(*) as repeat_buyers,
        count(case when place_buyers.is_lapsing then 1 end) as lapsing,
        count(case when place_buyers.is_lapsed then 1 end) as lapsed,
        coalesce(sum(case when place_buyers.is_lapsing then place_buyers.net_amount end), 0) as lapsing_net_amount
    from place_buyers
    inner join communities on place_buyers.community_id = communities.community_id
    group by communities.community_name, communities.community_type_label
)

select * from final
order by lapsing_net_amount desc, community_name asc
