-- A view: a key that few ask for would be the widest column of one of the longest tables.
{{ config(materialized='view') }}

with message_hours as (
    select * from {{ ref('int_message_hours_counted') }}
),

-- sorted, because rows lie by day: once one is found, later ones are not read
list_judged_days as (
    select date_day
    from message_hours
    where judged_messages > 0
    order by date_day
    limit 1
),

find_first_judged_day as (
    select min(date_day) as first_judged_day
    from list_judged_days
),

place_first_judged_day as (
    select
        message_hours.*,
        find_first_judged_day.first_judged_day
    from message_hours
    cross join find_first_judged_day
),

final as (
    select
        {{ composite_key([
            'community_id', 'channel_id', "coalesce(sender_role, '-')", 'date_day',
            'coalesce(cast(sent_hour as ' ~ dbt.type_string() ~ "), '-')",
        ]) }} as message_hour_id,
        community_id,
        channel_id,
        sender_role,
        sent_hour,
        cast({{ iso_weekday('date_day') }} as integer) as sent_weekday,
        cast(messages as integer) as messages,
        cast(customer_messages as integer) as customer_messages,
        cast(effective_messages as integer) as effective_messages,
        -- where nobody judged the texts yet, or may read any of them, no negative messages are known, not none
        cast(
            case
                when date_day >= first_judged_day and (readable_messages > 0 or effective_messages = 0)
                    then negative_messages
            end as integer
        ) as negative_messages,
        cast(case when date_day >= first_judged_day then readable_messages end as integer) as judgeable_messages,
        cast(case when sender_role in ('staff', 'bot') then messages else 0 end as integer) as team_messages,
        date_day
    from place_first_judged_day
)

select * from final
