-- 每个月的新客到现在带来多少销售额，还在增长吗？
-- What have each month's first-time buyers brought in by now, and do they still buy?
--
-- Grain: one row per month of the first order and age in days (30, 60 … 360) that the whole month has reached.
-- How to read it: net_amount is what the cohort_buyers paid and kept up to that age, in yuan; added_net_amount is what
-- the 30 days before that age added. Read down a cohort to see whether it still grows; added_net_amount that does not
-- fall is a cohort that stays. Below about 30 buyers a single large order decides. repeat_buyers have a second purchase
-- day so far, whatever the age.
-- Per buyer, to compare cohorts: mf query --metrics historic_ltv --group-by metric_time__month,buyer_age__age_days
with buyer_ages as (
    select * from {{ ref('fct_buyer_ages') }}
    where is_complete
),

buyers as (
    select * from {{ ref('fct_buyers') }}
    where person_id is not null
),

summarise_cohorts as (
    select
        cohort_month,
        count(second_paid_date) as repeat_buyers
    from buyers
    group by cohort_month
),

summarise_ages as (
    select
        cohort_month,
        age_days,
        count(*) as cohort_buyers,
        sum(cumulative_net_amount) as cumulative_net_amount
    from buyer_ages
    group by cohort_month, age_days
),

final as (
    select
        summarise_ages.cohort_month,
        summarise_ages.age_days,
        summarise_ages.cohort_buyers,
        summarise_cohorts.repeat_buyers,
        summarise_ages.cumulative_net_amount as net_amount,
        summarise_ages.cumulative_net_amount
        - lag(summarise_ages.cumulative_net_amount) over (
            partition by summarise_ages.cohort_month
            order by summarise_ages.age_days
        ) as added_net_amount
    from summarise_ages
    inner join summarise_cohorts on summarise_ages.cohort_month = summarise_cohorts.cohort_month
)

select * from final
order by cohort_month asc, age_days asc
