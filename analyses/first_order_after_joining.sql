-- 各渠道的新成员，入群后多久下首单？
-- How soon after joining do new members of each channel place their first order?
--
-- Grain: one row per channel of a person's very first membership; a person counts once, however many groups follow.
-- How to read it: bought_before_joining were customers already: the channel brought them in, it did not win them. Of
-- the others, set bought_within_7 and bought_within_30 against observed_30_days: those who joined at least 30 days
-- before the last complete day. median_days is the median of the days to the first order among bought_within_30.
-- Orders of any kind count, credited to a community or not; gifts, points and unpaid orders do not.
with memberships as (
    select * from {{ ref('fct_memberships') }}
    where is_counted
),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_valid
),

channels as (
    select * from {{ ref('dim_channels') }}
),

find_last_day as (
    select max(date_day) as last_date
    from {{ ref('dim_dates') }}
),

number_memberships as (
    select
        *,
        row_number() over (partition by person_id order by joined_at asc, membership_id asc) as membership_number
    from memberships
),

-- whose first join lies before the history, or was never seen, is no new member
list_new_members as (
    select
        number_memberships.person_id,
        number_memberships.channel_id,
        number_memberships.joined_at,
        number_memberships.joined_date <= find_last_day.last_date - 30 as is_observed_30_days
    from number_memberships
    cross join find_last_day
    where
        number_memberships.membership_number = 1
        and not number_memberships.is_older_than_history
        and not number_memberships.is_join_unknown
),

find_first_orders as (
    select
        person_id,
        min(paid_at) as first_paid_at
    from orders
    group by person_id
),

measure_delay as (
    select
        list_new_members.channel_id,
        list_new_members.is_observed_30_days,
        coalesce(find_first_orders.first_paid_at < list_new_members.joined_at, false) as is_bought_before,
        {{ dbt.datediff('list_new_members.joined_at', 'find_first_orders.first_paid_at', 'day') }} as days_to_order
    from list_new_members
    left join find_first_orders on list_new_members.person_id = find_first_orders.person_id
),

final as (
    select
        channels.channel_name,
        count(*) as new_members,
        count(case when measure_delay.is_bought_before then 1 end) as bought_before_joining,
        count(
            case when not measure_delay.is_bought_before and measure_delay.is_observed_30_days then 1 end
        ) as observed_30_days,
        count(
            case
                when
                    not measure_delay.is_bought_before
                    and measure_delay.is_observed_30_days
                    and measure_delay.days_to_order <= 7
                    then 1
            end
        ) as bought_within_7,
        count(
            case
                when
                    not measure_delay.is_bought_before
                    and measure_delay.is_observed_30_days
                    and measure_delay.days_to_order <= 30
                    then 1
            end
        ) as bought_within_30,
        percentile_cont(0.5) within group (
            order by
                case
                    when
                        not measure_delay.is_bought_before
                        and measure_delay.is_observed_30_days
                        and measure_delay.days_to_order <= 30
                        then measure_delay.days_to_order
                end
        ) as median_days
    from measure_delay
    inner join channels on measure_delay.channel_id = channels.channel_id
    group by channels.channel_name
)

select * from final
order by new_members desc, channel_name asc
