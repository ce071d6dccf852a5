-- 社群健康吗：谁在说话，说给谁听？
-- Are the communities healthy: who talks, and to whom?
--
-- Grain: one row per community and month that the message archive covers, newest month first; the newest may be
-- unfinished.
-- How to read it: a healthy community has many speakers (有效发言), members who answer each other (peer_reply_share) and
-- does not hang on a few. contributor_absence_factor is the smallest number of speakers who wrote half of the
-- effective messages: if they leave, half of the talk is gone; 1 or 2 in a large community is a risk. top_1pct_share
-- and top_10pct_share say the same as shares, of at least one person each, so read them with speakers in view.
-- messages_per_speaker rising while speakers fall is a circle that closes. team_share is what staff and bots say;
-- beside a low peer_reply_share it means a notice board. median_response_minutes and unanswered_questions tell
-- whether we are there when asked.
-- Null means that there was nothing to take a share of.
-- The shares: mf query --metrics top_10pct_message_share,peer_reply_share --group-by community,metric_time__month
with community_months as (
    select * from {{ ref('fct_community_months') }}
),

questions as (
    select * from {{ ref('fct_questions') }}
),

communities as (
    select * from {{ ref('dim_communities') }}
),

measure_responses as (
    select
        community_id,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        sum(questions) as questions,
        sum(unanswered_questions) as unanswered_questions,
        percentile_cont(0.5) within group (order by response_minutes) as median_response_minutes
    from questions
    group by community_id, cast({{ dbt.date_trunc('month', 'date_day') }} as date)
),

final as (
    select
        community_months.month_start_date,
        communities.community_name,
        communities.community_type_label,
        community_months.speakers,
        community_months.effective_messages,
        community_months.contributor_absence_factor,
        community_months.replies,
        community_months.human_messages,
        community_months.staff_messages,
        community_months.bot_messages,
        measure_responses.questions,
        measure_responses.unanswered_questions,
        round(1.0 * community_months.effective_messages / nullif(community_months.speakers, 0), 2)
            as messages_per_speaker,
        round(1.0 * community_months.top_1pct_messages / nullif(community_months.effective_messages, 0), 4)
            as top_1pct_share,
        round(1.0 * community_months.top_10pct_messages / nullif(community_months.effective_messages, 0), 4)
            as top_10pct_share,
        round(1.0 * community_months.peer_replies / nullif(community_months.replies, 0), 4) as peer_reply_share,
        round(
            1.0 * (community_months.staff_messages + community_months.bot_messages)
            / nullif(community_months.messages, 0),
            4
        ) as team_share,
        round(measure_responses.median_response_minutes, 1) as median_response_minutes
    from community_months
    inner join communities on community_months.community_id = communities.community_id
    left join measure_responses
        on community_months.community_id = measure_responses.community_id
        and community_months.month_start_date = measure_responses.month_start_date
)

select * from final
order by month_start_date desc, community_name asc
