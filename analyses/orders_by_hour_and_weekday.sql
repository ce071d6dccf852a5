-- 一周里，成员都在几点下单？
-- At which hours of which weekdays do people order?
--
-- Grain: one row per hour of the day (Asia/Shanghai), over the last 168 complete days, so that each weekday comes 24
-- times and the columns can be compared; an hour without orders has zeros.
-- How to read it: mon to sun hold the valid orders paid in that hour, orders and net_amount (yuan, refunds taken off)
-- are those of all weekdays. Set them beside the hours of talk in when_to_post: where orders follow the talk, post
-- then; where they come by themselves, leave the hour alone. Few orders in a cell are chance: read rows and columns
-- first. Orders of all shops count, credited to a community or not.
-- No metric is split by weekday. By day: mf query --metrics orders,net_sales --group-by metric_time__day
{%- set weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] %}

with orders as (
    select * from {{ ref('fct_orders') }}
    where is_valid
),

dates as (
    select * from {{ ref('dim_dates') }}
),

list_hours as (
    {% for number in range(24) %}
    select {{ number }} as paid_hour
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
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
    inner join find_last_day on dates.date_day > find_last_day.last_date - 168
),

count_orders as (
    select
        cast(extract(hour from orders.paid_at) as integer) as paid_hour,
        {% for weekday in weekdays -%}
        count(case when list_days.weekday_number = {{ loop.index }} then 1 end) as {{ weekday }},
        {% endfor -%}
        count(*) as orders,
        sum(orders.net_amount) as net_amount
    from orders
    inner join list_days on orders.paid_date = list_days.date_day
    group by cast(extract(hour from orders.paid_at) as integer)
),

final as (
    select
        list_hours.paid_hour,
        {% for weekday in weekdays -%}
        coalesce(count_orders.{{ weekday }}, 0) as {{ weekday }},
        {% endfor -%}
        coalesce(count_orders.orders, 0) as orders,
        coalesce(count_orders.net_amount, 0) as net_amount
    from list_hours
    left join count_orders on list_hours.paid_hour = count_orders.paid_hour
)

select * from final
order by paid_hour asc
