-- One row per month that is over, weekday and hour in which somebody wrote, with labels that sort. Nothing is added up.
with

hours as (select * from metrics.message_hours),

dates as (select * from marts.dim_dates),

months as (
    select distinct period_start from metrics.metric_values
    where metric_id = 'messages' and grain = 'month' and not is_partial
),

weekdays as (select distinct weekday_number, weekday_label from dates),

labelled as (
    select
        hours.metric_time__month as period_start,
        dates.month_label as period_label,
        weekdays.weekday_label,
        lpad(cast(hours.message_hour__sent_hour as varchar), 2, '0') || '时' as hour_label,
        hours.messages as value,
        case
            when hours.metric_time__month = max(hours.metric_time__month) over () then 'latest' else 'earlier'
        end as recency
    from hours
    inner join months on hours.metric_time__month = months.period_start
    inner join dates on hours.metric_time__month = dates.date_day
    inner join weekdays on hours.message_hour__sent_weekday = weekdays.weekday_number
)

select * from labelled
