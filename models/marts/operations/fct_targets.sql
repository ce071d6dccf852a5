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

final as (
    select
        end_periods.target_id,
        end_periods.target_metric,
        target_metrics.label_zh as target_metric_label,
        case end_periods.period_kind_zh when '月' then 'month' else 'week' end as period_kind,
        end_periods.chat_id as community_id,
        end_periods.staff_key,
        cast(end_periods.target_value as decimal(18, 4)) as target_value,
        sum_actuals.actual_value,
        case
            when sum_actuals.actual_value is not null then null
            when target_metrics.target_metric is null then 'unknown_metric'
            when
                (end_periods.chat_id is not null and target_metrics.target_scope != 'community')
                or (end_periods.staff_key is not null and target_metrics.target_scope != 'staff')
                then 'unknown_scope'
            when end_periods.period_start_date > end_periods.as_of_date then 'not_begun'
            else 'no_data'
        end as missing_actual_reason,
        end_periods.period_start_date,
        end_periods.period_end_date,
        cast({{ dbt.date_trunc('month', 'end_periods.period_start_date') }} as date) as period_month
    from end_periods
    left join target_metrics on end_periods.target_metric = target_metrics.target_metric
    left join sum_actuals on end_periods.target_id = sum_actuals.target_id
)

select * from final
