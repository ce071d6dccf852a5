-- 什么时候发消息最合适？
-- When should we post, in all communities and in each?
--
-- Grain: one row per community that still exists and hour of the day, and one per hour for all communities together
-- (全部社群, first), over the last 56 complete days, so that each weekday comes eight times and the columns can be
-- compared. Hours are Asia/Shanghai; an hour without messages has zeros.
-- How to read it: mon to sun hold the effective messages of members (有效消息) in that hour. hour_rank 1 to 3 are the
-- best posting hours of the community: post shortly before them, when members talk by themselves; it is null where
-- nobody talks. staff_messages shows when staff and bots post today: many of them in an hour with few effective
-- messages are posts at the wrong time. With few effective_messages in all hours, read 全部社群 instead.
-- It shows when members talk, not what makes them talk: they may be answering us.
-- By month: mf query --metrics effective_messages --group-by message_hour__sent_hour,metric_time__month
{%- set weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] %}

with message_hours as (
    select * from {{ ref('fct_message_hours') }}
),

communities as (
    select * from {{ ref('dim_communities') }}
    where dissolved_date is null
),

dates as (
    select * from {{ ref('dim_dates') }}
),

list_hours as (
    {% for number in range(24) %}
    select {{ number }} as sent_hour
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

list_scopes as (
    select
        community_id as scope_id,
        community_name,
        false as is_total
    from communities
    union all
    select
        'all' as scope_id,
        '全部社群' as community_name,
        true as is_total
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

gather_messages as (
    select
        message_hours.community_id as scope_id,
        message_hours.sent_hour,
        list_days.weekday_number,
        message_hours.effective_messages,
        message_hours.team_messages
    from message_hours
    inner join list_days on message_hours.date_day = list_days.date_day
    where message_hours.sent_hour is not null
    union all
    select
        'all' as scope_id,
        message_hours.sent_hour,
        list_days.weekday_number,
        message_hours.effective_messages,
        message_hours.team_messages
    from message_hours
    inner join list_days on message_hours.date_day = list_days.date_day
    where message_hours.sent_hour is not null
),

count_messages as (
    select
        scope_id,
        sent_hour,
        {% for weekday in weekdays -%}
        sum(case when weekday_number = {{ loop.index }} then effective_messages end) as {{ weekday }},
        {% endfor -%}
        sum(effective_messages) as effective_messages,
        sum(team_messages) as staff_messages
    from gather_messages
    group by scope_id, sent_hour
),

fill_hours as (
    select
        list_scopes.community_name,
        list_scopes.scope_id,
        list_scopes.is_total,
        list_hours.sent_hour,
        {% for weekday in weekdays -%}
        coalesce(count_messages.{{ weekday }}, 0) as {{ weekday }},
        {% endfor -%}
        coalesce(count_messages.effective_messages, 0) as effective_messages,
        coalesce(count_messages.staff_messages, 0) as staff_messages
    from list_scopes
    cross join list_hours
    left join count_messages
        on list_scopes.scope_id = count_messages.scope_id
        and list_hours.sent_hour = count_messages.sent_hour
),

final as (
    select
        community_name,
        sent_hour,
        {% for weekday in weekdays -%}
        {{ weekday }},
        {% endfor -%}
        effective_messages,
        case
            when effective_messages > 0
                then rank() over (partition by scope_id order by effective_messages desc)
        end as hour_rank,
        staff_messages,
        is_total
    from fill_hours
)

select * from final
order by is_total desc, community_name asc, sent_hour asc
