-- A day without a row is a day that was never asked for, or asked for too early: unknown, not zero.
with contact_statistics as (
    select * from {{ ref('stg_wecom__contact_statistics') }}
    -- on the day of the export the day is not over
    where stat_date < cast(exported_at as date)
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select
        {{ composite_key(['contact_statistics.staff_key', 'contact_statistics.stat_date']) }} as staff_day_id,
        contact_statistics.staff_key,
        cast(contact_statistics.new_applications as integer) as new_applications,
        cast(contact_statistics.new_contacts as integer) as new_contacts,
        cast(contact_statistics.staff_chats as integer) as staff_chats,
        cast(contact_statistics.staff_messages as integer) as staff_messages,
        cast(contact_statistics.lost_contacts as integer) as lost_contacts,
        -- chats are the weight of a rate; a day without a rate carries none
        cast(
            contact_statistics.reply_percentage * contact_statistics.staff_chats * 0.01 as decimal(18, 4)
        ) as replied_chats,
        case
            when contact_statistics.reply_percentage is not null then cast(contact_statistics.staff_chats as integer)
        end as rated_chats,
        cast(contact_statistics.avg_reply_minutes * contact_statistics.staff_chats as integer) as reply_minutes,
        case
            when contact_statistics.avg_reply_minutes is not null then cast(contact_statistics.staff_chats as integer)
        end as timed_chats,
        contact_statistics.stat_date
    from contact_statistics
    inner join calendar on contact_statistics.stat_date <= calendar.as_of_date
)

select * from final
