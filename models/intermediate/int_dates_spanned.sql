-- One day at a time from the first day of any export to the last complete day; nothing reads the clock of the machine.
with calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select {{ day_spine('first_date', 'as_of_date') }} as date_day
    from calendar
    where first_date is not null
)

select * from final
