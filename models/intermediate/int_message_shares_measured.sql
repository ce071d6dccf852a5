{{ config(
    materialized='incremental',
    pre_hook="{{ open_message_shares() }}",
    post_hook="{{ close_message_shares() }}",
    **by_day('month_start_date'),
) }}

-- How unevenly talk is spread over those who talk. Ranks compare whole numbers: 100 * (rank - 1) < speakers
-- is rank <= ceil(speakers * 1 %), without a fraction that could round.
with message_days as (
    select * from {{ ref('int_message_days_counted') }}
    where
        effective_messages > 0
        {%- if is_incremental() %}
        and {{ is_on_rewritten_day('date_day') }}
        {%- endif %}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

count_messages as (
    select
        message_days.community_id,
        message_days.person_id,
        cast({{ dbt.date_trunc('month', 'message_days.date_day') }} as date) as month_start_date,
        cast(sum(message_days.effective_messages) as bigint) as messages
    from message_days
    inner join exports on message_days.date_day >= exports.first_day and message_days.date_day <= exports.last_day
    group by
        message_days.community_id,
        message_days.person_id,
        cast({{ dbt.date_trunc('month', 'message_days.date_day') }} as date)
),

rank_speakers as (
    select
        community_id,
        month_start_date,
        messages,
        row_number() over (
            partition by community_id, month_start_date
            order by messages desc, person_id asc
        ) as speaker_rank,
        count(*) over (partition by community_id, month_start_date) as speakers,
        sum(messages) over (partition by community_id, month_start_date) as all_messages,
        sum(messages) over (
            partition by community_id, month_start_date
            order by messages desc, person_id asc
            rows between unbounded preceding and current row
        ) - messages as messages_of_higher_ranks
    from count_messages
),

final as (
    select
        community_id,
        month_start_date,
        count(*) as speakers,
        sum(messages) as effective_messages,
        sum(case when 100 * (speaker_rank - 1) < speakers then messages else 0 end) as top_1pct_messages,
        sum(case when 10 * (speaker_rank - 1) < speakers then messages else 0 end) as top_10pct_messages,
        count(case when 2 * messages_of_higher_ranks < all_messages then 1 end) as contributor_absence_factor
    from rank_speakers
    group by community_id, month_start_date
)

select * from final
