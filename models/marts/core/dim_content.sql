with contents as (
    select * from {{ ref('int_contents_described') }}
),

final as (
    select
        content_id,
        title,
        content_type,
        author_kind,
        is_order_show,
        campaign_id,
        community_id,
        cast(published_at as date) as published_date
    from contents
)

select * from final
