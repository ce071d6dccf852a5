-- 每名员工的目标完成得怎么样？
-- How does each staff member stand against the targets?
--
-- Grain: one row per target of a single staff member, the latest period first.
-- How to read it: due_value is the part of the target that is due by now, as its days pass; an actual_value below it
-- means behind schedule. known_days counts the days of the period on which the platform told anything: where it is
-- lower than passed_days, pull the missing days before judging. Of 流失好友数 less is better: an actual_value above
-- due_value is bad there. replied_chats among rated_chats are of the same days, so that many chats without replies do
-- not look like work done.
-- Where the statistics begin after the period there is no actual (partly_covered).
-- The rate: mf query --metrics target_attainment_rate --group-by metric_time__month,target__target_metric,staff
with targets as (
    select * from {{ ref('fct_targets') }}
    where staff_key is not null
),

staff as (
    select * from {{ ref('dim_staff') }}
),

staff_days as (
    select * from {{ ref('fct_staff_days') }}
),

summarise_days as (
    select
        targets.target_id,
        sum(staff_days.replied_chats) as replied_chats,
        sum(staff_days.rated_chats) as rated_chats
    from targets
    left join staff_days
        on targets.staff_key = staff_days.staff_key
        and targets.period_start_date <= staff_days.stat_date
        and targets.period_end_date >= staff_days.stat_date
    group by targets.target_id
),

count_days as (
    select
        targets.*,
        {{ dbt.datediff(
            'targets.period_start_date', 'targets.period_end_date', 'day'
        ) }} + 1 as period_days
    from targets
),

final as (
    select
        count_days.staff_key,
        staff.department,
        staff.job_position,
        count_days.period_start_date,
        count_days.period_kind,
        count_days.target_metric_label,
        count_days.target_value,
        count_days.actual_value,
        count_days.missing_actual_reason,
        count_days.period_days,
        count_days.due_days as passed_days,
        count_days.known_days,
        summarise_days.rated_chats,
        round(count_days.target_value * count_days.due_days / count_days.period_days, 1) as due_value,
        round(summarise_days.replied_chats, 0) as replied_chats
    from count_days
    inner join summarise_days on count_days.target_id = summarise_days.target_id
    left join staff on count_days.staff_key = staff.staff_key
)

select * from final
order by period_start_date desc, staff_key asc, target_metric_label asc
