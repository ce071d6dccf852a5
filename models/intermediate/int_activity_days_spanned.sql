-- Days on which activity can be known: there, nobody active means zero; elsewhere it means unknown. The message archive
-- decides, since an order or a check-in alone would make everybody else look silent.
with dates as (
    select * from {{ ref('int_dates_spanned') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select dates.date_day
    from dates
    cross join calendar
    inner join exports on dates.date_day >= exports.first_day and dates.date_day <= exports.last_day
    where dates.date_day >= calendar.history_start_date and dates.date_day <= calendar.as_of_date
)

select * from final
