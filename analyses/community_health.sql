-- 社群健康吗：谁在说话，说给谁听？
-- Are the communities healthy: who talks, and to whom?
--
-- Grain: one row per community and month that the message archive covers, newest month first; the newest may be
-- unfinished.
-- How to read it: a healthy community has many speakers (有效发言), members who answer each other (peer_replies among
-- replies) and does not hang on a few. contributor_absence_factor is the smallest number of speakers who wrote half of
-- the effective messages: if they leave, half of the talk is gone; 1 or 2 in a large community is a risk. team_messages
-- are what staff and bots say; many of them beside few peer_replies mean a notice board. unanswered_questions among
-- questions tell whether we are there when asked; null where nobody asked. distinct_speakers are persons of the
-- month, each once.
-- The shares and the waiting: mf query --metrics top_1pct_message_share,top_10pct_message_share,peer_reply_share,
--   staff_message_share,first_response_minutes --group-by community__community_name,metric_time__month
with community_months as (
    select * from {{ ref('fct_community_months') }}
),

questions as (
    select * from {{ ref('fct_questions') }}
),

communities as (
    select * from {{ ref('dim_communities') }}
),

sum_questions as (
    select
        community_id,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        sum(questions) as questions,
        sum(unanswered_questions) as unanswered_questions
    from questions
    group by community_id, cast({{ dbt.date_trunc('month', 'date_day') }} as date)
),

final as (
    select
        community_months.month_start_date,
        communities.community_name,
        communities.community_type_label,
        community_months.speakers as distinct_speakers,
        community_months.effective_messages,
        community_months.contributor_absence_factor,
        community_months.replies,
        community_months.peer_replies,
        community_months.human_messages,
        sum_questions.questions,
        sum_questions.unanswered_questions,
        community_months.staff_messages + community_months.bot_messages as team_messages
    from community_months
    inner join communities on community_months.community_id = communities.community_id
    left join sum_questions
        on community_months.community_id = sum_questions.community_id
        and community_months.month_start_date = sum_questions.month_start_date
)

select * from final
order by month_start_date desc, community_name asc
