-- 哪些社群的成员满意、愿意推荐、愿意晒单？
-- In which communities are members satisfied, would they recommend us, and do they show it?
--
-- Grain: one row per community with a survey or a post, over all days; 未归属 are surveys and posts of no community.
-- How to read it: response_rate is responses over surveys sent, of surveys of any date. csat is the share of scores of
-- 4 and 5, nps promoters (9, 10) less detractors (0 to 6) over scores, from -1 to 1; the numbers of scores stand beside
-- them: below 30 scores the two say little. Who answers is not who was asked: a low response_rate makes both too good
-- or too bad. ugc_posts are what members posted themselves, order_shows those that show an order: what people do beside
-- what they say. A community with a good nps and no posts may only lack an occasion to post.
-- By month and community:
--   mf query --metrics csat,nps,ugc_posts --group-by metric_time__month,community__community_name
with communities as (
    select * from {{ ref('dim_communities') }}
),

sum_surveys as (
    select
        community_id,
        count(*) as surveys,
        sum(surveys_sent) as surveys_sent,
        sum(responses) as responses
    from {{ ref('fct_surveys') }}
    group by community_id
),

sum_scores as (
    select
        community_id,
        count(csat_score) as csat_scores,
        count(case when csat_score >= 4 then 1 end) as satisfied,
        count(nps_score) as nps_scores,
        count(case when nps_score >= 9 then 1 end) as promoters,
        count(case when nps_score <= 6 then 1 end) as detractors
    from {{ ref('fct_survey_responses') }}
    group by community_id
),

sum_posts as (
    select
        community_id,
        sum(ugc_posts) as ugc_posts,
        count(case when is_order_show then 1 end) as order_shows,
        count(distinct person_id) as authors
    from {{ ref('fct_ugc_posts') }}
    group by community_id
),

final as (
    select
        communities.community_name,
        communities.community_type_label,
        sum_surveys.surveys,
        sum_surveys.surveys_sent,
        sum_surveys.responses,
        sum_scores.csat_scores,
        sum_scores.nps_scores,
        sum_posts.ugc_posts,
        sum_posts.order_shows,
        sum_posts.authors,
        round(sum_surveys.responses / nullif(sum_surveys.surveys_sent, 0), 3) as response_rate,
        round(sum_scores.satisfied / nullif(sum_scores.csat_scores, 0), 3) as csat,
        round((sum_scores.promoters - sum_scores.detractors) / nullif(sum_scores.nps_scores, 0), 3) as nps
    from communities
    left join sum_surveys on communities.community_id = sum_surveys.community_id
    left join sum_scores on communities.community_id = sum_scores.community_id
    left join sum_posts on communities.community_id = sum_posts.community_id
    where sum_surveys.surveys > 0 or sum_posts.ugc_posts > 0
)

select * from final
order by response_rate desc nulls last, ugc_posts desc nulls last, community_name asc
