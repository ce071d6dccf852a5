-- 每个月的新客到现在值多少钱？
-- What have each month's first-time buyers brought in by now, and how sure is it?
--
-- Grain: one row per month of the first order and age in days (30, 60 … 360) that the whole month has reached.
-- How to read it: historic_ltv is net sales up to that age per buyer of the cohort, in yuan; growth_since_last_age is
-- what the last 30 days added. Read down a cohort to see whether it still grows, and across cohorts at one age to see
-- whether newer buyers are better. cohort_buyers stands beside each: below about 30 a single large order decides.
-- repeat_share is the share of the cohort with a second purchase day so far, whatever the age.
-- The figure: mf query --metrics historic_ltv --group-by metric_time__month,buyer_age__age_days
with buyer_ages as (
    select * from {{ ref('fct_buyer_ages') }}
),

buyers as (
    select * from {{ ref('fct_buyers') }}
    where person_id is not null
),

summarise_cohorts as (
    select
        cohort_month,
        count(*) as buyers,
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
        round(summarise_ages.cumulative_net_amount / summarise_ages.cohort_buyers, 2) as historic_ltv,
        round(
            (
                summarise_ages.cumulative_net_amount
                - lag(summarise_ages.cumulative_net_amount) over (
                    partition by summarise_ages.cohort_month
                    order by summarise_ages.age_days
                )
            ) / summarise_ages.cohort_buyers,
            2
        ) as growth_since_last_age,
        round(summarise_cohorts.repeat_buyers / summarise_cohorts.buyers, 4) as repeat_share
    from summarise_ages
    inner join summarise_cohorts on summarise_ages.cohort_month = summarise_cohorts.cohort_month
)

select * from final
order by cohort_month asc, age_days asc
