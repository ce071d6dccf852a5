-- 哪些渠道带来的人留得住？
-- Which channels bring people who stay?
--
-- Grain: one row per channel, over the whole history.
-- How to read it: set retained_d7 against matured_d7, and retained_d30 against matured_d30. "Matured" are the joins
-- old enough to be judged; the youngest joins are in cohort_memberships only. acquisition_cost stands beside them: ads,
-- joining gifts and lead magnets of the channel. 未归因 holds everybody who came without a channel code.
-- Few matured joins say little: five out of five is no proof of a good channel.
-- The rates: mf query --metrics membership_retention_rate_d7,membership_retention_rate_d30
--                     --group-by channel__channel_name
with retention as (
    select * from {{ ref('fct_membership_retention') }}
),

costs as (
    select * from {{ ref('fct_costs') }}
),

channels as (
    select * from {{ ref('dim_channels') }}
),

count_cohort as (
    select
        channel_id,
        count(*) as cohort_memberships,
        sum(matured_d7) as matured_d7,
        sum(retained_d7) as retained_d7,
        sum(matured_d30) as matured_d30,
        sum(retained_d30) as retained_d30
    from retention
    group by channel_id
),

sum_costs as (
    select
        channel_id,
        sum(cost_amount) as acquisition_cost
    from costs
    where is_acquisition
    group by channel_id
),

final as (
    select
        channels.channel_name,
        channels.channel_type,
        count_cohort.cohort_memberships,
        count_cohort.matured_d7,
        count_cohort.retained_d7,
        count_cohort.matured_d30,
        count_cohort.retained_d30,
        sum_costs.acquisition_cost
    from channels
    inner join count_cohort on channels.channel_id = count_cohort.channel_id
    left join sum_costs on channels.channel_id = sum_costs.channel_id
)

select * from final
order by cohort_memberships desc, channel_name asc
