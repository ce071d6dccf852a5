-- 什么内容最有效？
-- Which kind of content works?
--
-- Grain: one row per kind of content and kind of author, over the last 90 complete days.
-- How to read it: views_per_item says how far a post of this kind reaches, interactions_per_100_views how many views
-- lead to a comment, like or share. A kind with few items may be a stroke of luck: look at items first. author_kind
-- member is content by members (UGC), staff is our own.
-- A row unknown holds counts of content that the content list does not have. Views are times, not persons, and a kind
-- that is posted in lively communities does well for that reason: compare within a community before changing the plan.
-- How many views lead to a click:
--   mf query --metrics click_through_rate --group-by content__content_type,content__author_kind
with content_days as (
    select * from {{ ref('fct_content_days') }}
    where content_id is not null
),

contents as (
    select * from {{ ref('dim_content') }}
),

find_last_day as (
    select max(date_day) as last_date
    from {{ ref('dim_dates') }}
),

sum_counts as (
    select
        coalesce(contents.content_type, 'unknown') as content_type,
        coalesce(contents.author_kind, 'unknown') as author_kind,
        count(distinct content_days.content_id) as items,
        sum(content_days.view_count) as view_count,
        sum(content_days.click_count) as click_count,
        sum(content_days.comment_count) as comment_count,
        sum(content_days.like_count) as like_count,
        sum(content_days.share_count) as share_count
    from content_days
    inner join find_last_day on content_days.date_day > find_last_day.last_date - 90
    left join contents on content_days.content_id = contents.content_id
    group by coalesce(contents.content_type, 'unknown'), coalesce(contents.author_kind, 'unknown')
),

final as (
    select
        content_type,
        author_kind,
        items,
        view_count,
        click_count,
        comment_count,
        like_count,
        share_count,
        round(view_count / nullif(items, 0), 1) as views_per_item,
        round(100 * (comment_count + like_count + share_count) / nullif(view_count, 0), 2) as interactions_per_100_views
    from sum_counts
)

select * from final
order by interactions_per_100_views desc nulls last, content_type asc, author_kind asc
