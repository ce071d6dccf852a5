-- How unevenly talk is spread over those who talk. Ranks compare whole numbers: 100 * (rank - 1) < speakers
-- is rank <= ceil(speakers * 1 %), without a fraction that could round.
with messages as (
    select * from {{ ref('int_messages_flagged') }}
    where is_effective
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

count_messages as (
    select
        messages.community_id,
        messages.person_id,
        cast({{ dbt.date_trunc('month', 'messages.sent_date') }} as date) as month_start_date,
        count(*) as messages
    from messages
    inner join exports on messages.sent_date >= exports.first_day and messages.sent_date <= exports.last_day
    group by
        messages.community_id,
        messages.person_id,
        cast({{ dbt.date_trunc('month', 'messages.sent_date') }} as date)
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
