{#- (metric of target_metrics, fact, its day, its column, what a target can be for besides everything) -#}
{%- set actuals = [
    ('new_memberships', 'fct_membership_flows', 'date_day', 'new_memberships', 'community_id'),
    ('leaves', 'fct_membership_flows', 'date_day', 'leaves', 'community_id'),
    ('messages', 'fct_message_hours', 'date_day', 'messages', 'community_id'),
    ('orders', 'fct_sales', 'paid_date', 'valid_orders', 'community_id'),
    ('gross_sales', 'fct_sales', 'paid_date', 'gross_amount', 'community_id'),
    ('net_sales', 'fct_sales', 'paid_date', 'net_amount', 'community_id'),
    ('successful_referrals', 'fct_referrals', 'succeeded_date', 'successful_referrals', 'nothing'),
    ('new_contacts', 'fct_staff_days', 'stat_date', 'new_contacts', 'staff_key'),
    ('staff_chats', 'fct_staff_days', 'stat_date', 'staff_chats', 'staff_key'),
    ('staff_messages', 'fct_staff_days', 'stat_date', 'staff_messages', 'staff_key'),
    ('lost_contacts', 'fct_staff_days', 'stat_date', 'lost_contacts', 'staff_key'),
] -%}

with targets as (
    select * from {{ ref('stg_manual__targets') }}
),

target_metrics as (
    select * from {{ ref('target_metrics') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

gather_actuals as (
    {% for metric, fact, day, column, scope in actuals %}
    select
        '{{ metric }}' as target_metric,
        {{ 'community_id' if scope == 'community_id' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as community_id,
        {{ 'staff_key' if scope == 'staff_key' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as staff_key,
        {{ day }} as date_day,
        cast({{ column }} as decimal(18, 4)) as actual_value
    from {{ ref(fact) }}
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

end_periods as (
    select
        targets.*,
        calendar.as_of_date,
        case
            when targets.period_kind_zh = '月'
                then cast({{ dbt.last_day('targets.period_start_date', 'month') }} as date)
            else cast({{ dbt.dateadd('day', 6, 'targets.period_start_date') }} as date)
        end as period_end_date
    from targets
    cross join calendar
),

-- the source speaks from here on, for whatever a target is for
find_first_days as (
    select
        target_metric,
        min(date_day) as first_day
    from gather_actuals
    group by target_metric
),

-- of everything and of communities the source is one; staff members are asked for one by one, and days can be missing
list_known_days as (
    select distinct
        target_metric,
        staff_key,
        date_day
    from gather_actuals
),

count_known_days as (
    select
        end_periods.target_id,
        count(distinct list_known_days.date_day) as known_days
    from end_periods
    inner join list_known_days
        on end_periods.target_metric = list_known_days.target_metric
        and end_periods.period_start_date <= list_known_days.date_day
        and end_periods.period_end_date >= list_known_days.date_day
        and end_periods.as_of_date >= list_known_days.date_day
        and (end_periods.staff_key is null or end_periods.staff_key = list_known_days.staff_key)
    group by end_periods.target_id
),

sum_actuals as (
    select
        end_periods.target_id,
        cast(sum(gather_actuals.actual_value) as decimal(18, 4)) as actual_value
    from end_periods
    inner join gather_actuals
        on end_periods.target_metric = gather_actuals.target_metric
        and end_periods.period_start_date <= gather_actuals.date_day
        and end_periods.period_end_date >= gather_actuals.date_day
        and end_periods.as_of_date >= gather_actuals.date_day
        and (end_periods.chat_id is null or end_periods.chat_id = gather_actuals.community_id)
        and (end_periods.staff_key is null or end_periods.staff_key = gather_actuals.staff_key)
    group by end_periods.target_id
),

judge_targets as (
    select
        end_periods.*,
        target_metrics.label_zh as target_metric_label,
        sum_actuals.actual_value as known_actual_value,
        case
            when target_metrics.target_metric is null then 'unknown_metric'
            when
                (end_periods.chat_id is not null and target_metrics.target_scope != 'community')
                or (end_periods.staff_key is not null and target_metrics.target_scope != 'staff')
                then 'unknown_scope'
            when end_periods.period_start_date > end_periods.as_of_date then 'not_begun'
            when sum_actuals.actual_value is null then 'no_data'
            -- the sum of the other days would pass for the whole period
            when find_first_days.first_day > end_periods.period_start_date then 'partly_covered'
        end as missing_actual_reason,
        coalesce(count_known_days.known_days, 0) as known_days,
        greatest(
            {{ dbt.datediff(
                'end_periods.period_start_date',
                'least(end_periods.period_end_date, end_periods.as_of_date)',
                'day'
            ) }} + 1,
            0
        ) as due_days
    from end_periods
    left join target_metrics on end_periods.target_metric = target_metrics.target_metric
    left join find_first_days on end_periods.target_metric = find_first_days.target_metric
    left join count_known_days on end_periods.target_id = count_known_days.target_id
    left join sum_actuals on end_periods.target_id = sum_actuals.target_id
),

final as (
    select
        target_id,
        target_metric,
        target_metric_label,
        case period_kind_zh when '月' then 'month' else 'week' end as period_kind,
        chat_id as community_id,
        staff_key,
        cast(target_value as decimal(18, 4)) as target_value,
        case when missing_actual_reason is null then known_actual_value end as actual_value,
        missing_actual_reason,
        cast(
            case
                when coalesce(missing_actual_reason, '-') not in ('unknown_metric', 'unknown_scope') then known_days
            end as integer
        ) as known_days,
        cast(due_days as integer) as due_days,
        -- a rate or a stock: two of its targets make no third
        case when target_metric_label is null then 1 else 0 end as rate_targets,
        period_start_date,
        period_end_date,
        cast({{ dbt.date_trunc('month', 'period_start_date') }} as date) as period_month
    from judge_targets
)

select * from final
