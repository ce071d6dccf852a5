with dates as (
    select * from {{ ref('int_dates_spanned') }}
),

holidays as (
    select * from {{ ref('holidays') }}
),

name_days as (
    select
        dates.date_day,
        cast({{ dbt.date_trunc('week', 'dates.date_day') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'dates.date_day') }} as date) as month_start_date,
        cast({{ iso_weekday('dates.date_day') }} as integer) as weekday_number,
        holidays.holiday_name_zh,
        holidays.day_kind
    from dates
    left join holidays on dates.date_day = holidays.date
),

final as (
    select
        date_day,
        week_start_date,
        month_start_date,
        weekday_number,
        holiday_name_zh as holiday_name,
        cast(extract(year from date_day) as integer) as year_number,
        cast(extract(month from date_day) as integer) as month_number,
        case weekday_number
            when 1 then '1 周一' when 2 then '2 周二' when 3 then '3 周三' when 4 then '4 周四'
            when 5 then '5 周五' when 6 then '6 周六' when 7 then '7 周日'
        end as weekday_label,
        -- a week belongs to the year of its Thursday
        {{ dbt.concat([
            "left(cast(week_start_date + 3 as " ~ dbt.type_string() ~ "), 4)", "'-W'",
            "lpad(cast(extract(week from date_day) as " ~ dbt.type_string() ~ "), 2, '0')"
        ]) }} as week_label,
        left(cast(date_day as {{ dbt.type_string() }}), 7) as month_label,
        {{ dbt.concat([
            "left(cast(date_day as " ~ dbt.type_string() ~ "), 4)", "'-Q'",
            "cast(extract(quarter from date_day) as " ~ dbt.type_string() ~ ")"
        ]) }} as quarter_label,
        coalesce(day_kind, case when weekday_number >= 6 then 'weekend' else 'workday' end) as day_kind,
        coalesce(day_kind, case when weekday_number >= 6 then 'weekend' else 'workday' end) = 'workday' as is_workday
    from name_days
)

select * from final
