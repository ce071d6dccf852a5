-- By channel and month, the funnel narrows from exposure to referral. Only channels that measure exposure have
-- impressions; months are compared, since who sees an ad today may join tomorrow.
with count_steps as (
    select
        channel_id,
        {{ dbt.date_trunc('month', 'first_joined_date') }} as month_start,
        sum(joined) as joined,
        sum(activated) as activated,
        sum(first_ordered) as first_ordered,
        sum(repurchased) as repurchased,
        sum(referred) as referred
    from {{ ref('fct_funnel_entries') }}
    group by channel_id, {{ dbt.date_trunc('month', 'first_joined_date') }}
),

count_impressions as (
    select
        channel_id,
        {{ dbt.date_trunc('month', 'date_day') }} as month_start,
        sum(impressions) as impressions
    from {{ ref('fct_channel_days') }}
    group by channel_id, {{ dbt.date_trunc('month', 'date_day') }}
)

select
    count_steps.channel_id,
    count_steps.month_start,
    count_impressions.impressions,
    count_steps.joined,
    count_steps.activated,
    count_steps.first_ordered,
    count_steps.repurchased,
    count_steps.referred
from count_steps
left join count_impressions
    on count_steps.channel_id = count_impressions.channel_id
    and count_steps.month_start = count_impressions.month_start
where
    count_steps.joined > count_impressions.impressions
    or count_steps.activated > count_steps.joined
    or count_steps.first_ordered > count_steps.activated
    or count_steps.repurchased > count_steps.first_ordered
    or count_steps.referred > count_steps.repurchased
