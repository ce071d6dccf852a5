-- 各社群在聊什么？哪些话题升温、哪些降温？
-- What do communities talk about, and which topics rise and fall?
--
-- Grain: one row per community, month and term among the ten most frequent of the community and month (topic_rank),
-- from the newest month back. A topic of fewer than k_speakers (5) different persons in the community and month is
-- withheld: it has no row, and takes no rank.
-- How to read it: mentions are effective messages that contain the term, share_of_messages their share of the effective
-- messages of the community. trend compares this share with the month before, so that a loud month does not lift all
-- topics and an unfinished month can be read: rising from half as much again, falling from a third less; new when the
-- topic was not there or withheld before; null in the first month of the archive. A month before that is withheld has
-- no number.
-- With few mentions a trend is chance: read it from about 20 on. The terms are a fixed list: what is not in it is not
-- seen, and a new word must be entered where the archive is reduced to measurements.
-- The number: mf query --metrics topic_mentions --group-by topic_mention__term,community,metric_time__month
with topic_mentions as (
    select * from {{ ref('fct_topic_mentions') }}
),

community_months as (
    select * from {{ ref('fct_community_months') }}
),

communities as (
    select * from {{ ref('dim_communities') }}
),

count_mentions as (
    select
        community_id,
        term,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        count(*) as mentions,
        count(distinct person_id) as speakers
    from topic_mentions
    group by community_id, term, cast({{ dbt.date_trunc('month', 'date_day') }} as date)
    having count(distinct person_id) >= {{ var('k_speakers') }}
),

weigh_mentions as (
    select
        count_mentions.community_id,
        count_mentions.term,
        count_mentions.month_start_date,
        count_mentions.mentions,
        count_mentions.speakers,
        1.0 * count_mentions.mentions / community_months.effective_messages as share_of_messages
    from count_mentions
    inner join community_months
        on count_mentions.community_id = community_months.community_id
        and count_mentions.month_start_date = community_months.month_start_date
),

compare_months as (
    select
        this_month.community_id,
        this_month.term,
        this_month.month_start_date,
        this_month.mentions,
        this_month.speakers,
        this_month.share_of_messages,
        month_before.mentions as mentions_before,
        case
            when known_month.month_start_date is null then null
            when month_before.mentions is null then 'new'
            when this_month.share_of_messages >= 1.5 * month_before.share_of_messages then 'rising'
            when 3 * this_month.share_of_messages <= 2 * month_before.share_of_messages then 'falling'
            else 'steady'
        end as trend,
        rank() over (
            partition by this_month.community_id, this_month.month_start_date
            order by this_month.mentions desc
        ) as topic_rank
    from weigh_mentions as this_month
    left join community_months as known_month
        on this_month.community_id = known_month.community_id
        and {{ dbt.dateadd('month', -1, 'this_month.month_start_date') }} = known_month.month_start_date
    left join weigh_mentions as month_before
        on this_month.community_id = month_before.community_id
        and this_month.term = month_before.term
        and {{ dbt.dateadd('month', -1, 'this_month.month_start_date') }} = month_before.month_start_date
),

final as (
    select
        compare_months.month_start_date,
        communities.community_name,
        compare_months.topic_rank,
        compare_months.term,
        compare_months.mentions,
        compare_months.speakers,
        compare_months.mentions_before,
        compare_months.trend,
        round(compare_months.share_of_messages, 4) as share_of_messages
    from compare_months
    inner join communities on compare_months.community_id = communities.community_id
    where compare_months.topic_rank <= 10
)

select * from final
order by month_start_date desc, community_name asc, topic_rank asc, term asc
