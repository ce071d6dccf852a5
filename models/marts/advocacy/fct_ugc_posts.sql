with contents as (
    select * from {{ ref('int_contents_described') }}
    where author_kind = 'member'
),

covered_days as (
    select * from {{ ref('int_interaction_days_spanned') }}
    where export_name = 'scrm__content_items'
),

final as (
    select
        contents.content_id as ugc_post_id,
        contents.content_id,
        contents.community_id,
        contents.author_person_id as person_id,
        contents.is_order_show,
        1 as ugc_posts,
        cast(contents.published_at as date) as published_date
    from contents
    -- inside the history, and not on the day of the export itself, which is not complete
    where cast(contents.published_at as date) in (select covered_days.date_day from covered_days)
    union all
    select
        {{ composite_key(["'empty'", 'community_id', 'date_day']) }} as ugc_post_id,
        null as content_id,
        community_id,
        null as person_id,
        null as is_order_show,
        0 as ugc_posts,
        date_day as published_date
    from covered_days
)

select * from final
