-- Intervals are quick; this counts the 90 days that end at the last covered day one by one.
with last_days as (
    select max(date_day) as date_day
    from {{ ref('fct_buyer_windows') }}
),

count_purchase_days as (
    select
        purchase_days.person_id,
        count(distinct purchase_days.paid_date) as purchase_days
    from {{ ref('fct_purchase_days') }} as purchase_days
    cross join last_days
    where
        purchase_days.person_id is not null
        and purchase_days.paid_date <= last_days.date_day
        and purchase_days.paid_date > cast({{ dbt.dateadd('day', -90, 'last_days.date_day') }} as date)
    group by purchase_days.person_id
),

windows as (
    select
        buyer_windows.person_id,
        buyer_windows.is_repeat_buyer
    from {{ ref('fct_buyer_windows') }} as buyer_windows
    inner join last_days on buyer_windows.date_day = last_days.date_day
    where buyer_windows.person_id is not null
)

select
    windows.is_repeat_buyer,
    count_purchase_days.purchase_days,
    coalesce(windows.person_id, count_purchase_days.person_id) as person_id
from windows
full outer join count_purchase_days on windows.person_id = count_purchase_days.person_id
where
    windows.person_id is null
    or count_purchase_days.person_id is null
    or windows.is_repeat_buyer != (count_purchase_days.purchase_days >= 2)
