-- 哪些社群的成员满意、愿意推荐、愿意晒单？
-- In which communities are members satisfied, would they recommend us, and do they show it?
--
-- Grain: one row per community with a survey or a post, over all days; 未归属 are surveys and posts of no community.
-- How to read it: satisfied are scores of 4 and 5 among csat_scores, promoters scores of 9 and 10 and detractors those
-- of 0 to 6 among nps_scores; below 30 scores they say little. Who answers is not who was asked: few responses beside
-- surveys_sent make the scores too good or too bad. ugc_posts are what members posted themselves, order_shows those
-- that show an order: what people do beside what they say. A community with many promoters and no posts may only lack
-- an occasion to post.
-- The rates: mf query --metrics survey_response_rate,csat,nps --group-by community__community_name
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
        sum_scores.satisfied,
        sum_scores.nps_scores,
        sum_scores.promoters,
        sum_scores.detractors,
        sum_posts.ugc_posts,
        sum_posts.order_shows,
        sum_posts.authors
    from communities
    left join sum_surveys on communities.community_id = sum_surveys.community_id
    left join sum_scores on communities.community_id = sum_scores.community_id
    left join sum_posts on communities.community_id = sum_posts.community_id
    where sum_surveys.surveys > 0 or sum_posts.ugc_posts > 0
)

select * from final
order by responses desc nulls last, ugc_posts desc nulls last, community_name asc
