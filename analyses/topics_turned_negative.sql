-- 哪些话题转为负面？
-- Which topics turned negative?
--
-- Grain: one row per month and term, over all communities, whose share of negative messages rose against the month
-- before, the largest rise first within the newest month. Only terms of at least k_speakers (5) different persons in
-- both months; all others are withheld.
-- How to read it: negative_share is the share of the effective messages with the term that were judged negative
-- (polarity -1). rise is the difference to the month before. With 20 mentions one message moves it by 0.05: look at
-- mentions and negative_speakers first; one angry member is not a topic, so negative_speakers below k_speakers is
-- withheld too (null).
-- Tone is judged by machine before the text is dropped, and of the message, not of what it says about the term.
-- All messages: mf query --metrics negative_message_rate --group-by metric_time__month,community__community_name
with topic_mentions as (
    select * from {{ ref('fct_topic_mentions') }}
),

count_mentions as (
    select
        term,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        count(*) as mentions,
        count(case when polarity = -1 then 1 end) as negative_mentions,
        count(distinct case when polarity = -1 then person_id end) as negative_speakers
    from topic_mentions
    where polarity is not null
    group by term, cast({{ dbt.date_trunc('month', 'date_day') }} as date)
    having count(distinct person_id) >= {{ var('k_speakers') }}
),

compare_months as (
    select
        this_month.month_start_date,
        this_month.term,
        this_month.mentions,
        month_before.mentions as mentions_before,
        this_month.negative_speakers,
        1.0 * this_month.negative_mentions / this_month.mentions as negative_share,
        1.0 * month_before.negative_mentions / month_before.mentions as negative_share_before
    from count_mentions as this_month
    inner join count_mentions as month_before
        on this_month.term = month_before.term
        and {{ dbt.dateadd('month', -1, 'this_month.month_start_date') }} = month_before.month_start_date
),

final as (
    select
        month_start_date,
        term,
        mentions,
        mentions_before,
        negative_speakers,
        round(negative_share, 4) as negative_share,
        round(negative_share_before, 4) as negative_share_before,
        round(negative_share - negative_share_before, 4) as rise
    from compare_months
    where
        negative_share > negative_share_before
        -- a share of few would give them away as well as their number
        and negative_speakers >= {{ var('k_speakers') }}
)

select * from final
order by month_start_date desc, rise desc, term asc
