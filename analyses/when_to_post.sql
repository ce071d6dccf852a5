-- 什么时候发消息最合适？
-- When should we post?
--
-- Grain: one row per hour of the day, over the last 56 complete days, so that each weekday comes eight times and the
-- columns can be compared. Hours are Asia/Shanghai.
-- How to read it: mon to sun hold the effective messages of members (有效消息) in that hour. Post shortly before the
-- hours in which members talk by themselves. staff_messages shows when staff and bots post today: many of them in an
-- hour with few effective messages are posts at the wrong time.
-- It shows when members talk, not what makes them talk: they may be answering us.
-- By month or community: mf query --metrics effective_messages --group-by message_hour__sent_hour,metric_time__month
{%- set weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] %}

with message_hours as (
    select * from {{ ref('fct_message_hours') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

list_hours as (
    select cast(unnest(generate_series(0, 23)) as integer) as sent_hour
),

find_last_day as (
    select max(date_day) as last_date
    from dates
),

list_days as (
    select
        dates.date_day,
        dates.weekday_number
    from dates
    inner join find_last_day on dates.date_day > find_last_day.last_date - 56
),

count_messages as (
    select
        message_hours.sent_hour,
        {% for weekday in weekdays -%}
        sum(
            case when list_days.weekday_number = {{ loop.index }} then message_hours.effective_messages end
        ) as {{ weekday }},
        {% endfor -%}
        sum(message_hours.effective_messages) as effective_messages,
        sum(
            case when message_hours.sender_role in ('staff', 'bot') then message_hours.messages end
        ) as staff_messages
    from message_hours
    inner join list_days on message_hours.date_day = list_days.date_day
    where message_hours.sent_hour is not null
    group by message_hours.sent_hour
),

final as (
    select
        list_hours.sent_hour,
        {% for weekday in weekdays -%}
        coalesce(count_messages.{{ weekday }}, 0) as {{ weekday }},
        {% endfor -%}
        coalesce(count_messages.effective_messages, 0) as effective_messages,
        coalesce(count_messages.staff_messages, 0) as staff_messages
    from list_hours
    left join count_messages on list_hours.sent_hour = count_messages.sent_hour
)

select * from final
order by sent_hour asc
