-- Messages and effective messages of a community and month are the same, counted by month or by hour.
with count_months as (
    select
        community_id,
        month_start_date,
        messages,
        effective_messages
    from {{ ref('fct_community_months') }}
),

count_hours as (
    select
        community_id,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        sum(messages) as messages,
        sum(effective_messages) as effective_messages
    from {{ ref('fct_message_hours') }}
    group by community_id, cast({{ dbt.date_trunc('month', 'date_day') }} as date)
)

select
    count_months.community_id,
    count_months.month_start_date,
    count_hours.community_id as community_id_in_hours,
    count_hours.month_start_date as month_start_date_in_hours
from count_months
full outer join count_hours
    on count_months.community_id = count_hours.community_id
    and count_months.month_start_date = count_hours.month_start_date
where
    coalesce(count_months.messages, -1) != coalesce(count_hours.messages, -1)
    or coalesce(count_months.effective_messages, -1) != coalesce(count_hours.effective_messages, -1)
