with message_hours as (
    select * from {{ ref('int_message_hours_counted') }}
),

shares as (
    select * from {{ ref('int_message_shares_measured') }}
),

replies as (
    select * from {{ ref('int_replies_counted') }}
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

count_messages as (
    select
        community_id,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        sum(messages) as messages,
        sum(case when sender_role = 'bot' then messages else 0 end) as bot_messages,
        sum(case when sender_role = 'staff' then messages else 0 end) as staff_messages
    from message_hours
    group by community_id, cast({{ dbt.date_trunc('month', 'date_day') }} as date)
),

count_replies as (
    select
        replies.community_id,
        cast({{ dbt.date_trunc('month', 'replies.date_day') }} as date) as month_start_date,
        sum(replies.replies) as replies,
        sum(replies.peer_replies) as peer_replies
    from replies
    inner join exports on replies.date_day >= exports.first_day and replies.date_day <= exports.last_day
    group by replies.community_id, cast({{ dbt.date_trunc('month', 'replies.date_day') }} as date)
),

list_months as (
    select
        community_days.community_id,
        cast({{ dbt.date_trunc('month', 'community_days.date_day') }} as date) as month_start_date
    from community_days
    inner join exports on community_days.date_day >= exports.first_day and community_days.date_day <= exports.last_day
    union
    select
        community_id,
        month_start_date
    from count_messages
),

final as (
    select
        {{ composite_key(['list_months.community_id', 'list_months.month_start_date']) }} as community_month_id,
        list_months.community_id,
        cast(coalesce(shares.speakers, 0) as integer) as speakers,
        cast(coalesce(shares.effective_messages, 0) as integer) as effective_messages,
        cast(coalesce(shares.top_1pct_messages, 0) as integer) as top_1pct_messages,
        cast(coalesce(shares.top_10pct_messages, 0) as integer) as top_10pct_messages,
        cast(shares.contributor_absence_factor as integer) as contributor_absence_factor,
        cast(coalesce(count_replies.replies, 0) as integer) as replies,
        cast(coalesce(count_replies.peer_replies, 0) as integer) as peer_replies,
        cast(coalesce(count_messages.messages, 0) as integer) as messages,
        cast(coalesce(count_messages.bot_messages, 0) as integer) as bot_messages,
        cast(coalesce(count_messages.staff_messages, 0) as integer) as staff_messages,
        cast(coalesce(count_messages.messages - count_messages.bot_messages, 0) as integer) as human_messages,
        list_months.month_start_date
    from list_months
    left join count_messages
        on list_months.community_id = count_messages.community_id
        and list_months.month_start_date = count_messages.month_start_date
    left join count_replies
        on list_months.community_id = count_replies.community_id
        and list_months.month_start_date = count_replies.month_start_date
    left join shares
        on list_months.community_id = shares.community_id
        and list_months.month_start_date = shares.month_start_date
)

select * from final
