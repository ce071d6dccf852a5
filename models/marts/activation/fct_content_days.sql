{%- set counts = ['view_count', 'click_count', 'comment_count', 'like_count', 'share_count'] -%}

with content_days as (
    select * from {{ ref('int_content_days_counted') }}
),

covered_days as (
    select * from {{ ref('int_interaction_days_spanned') }}
    where export_name = 'scrm__content_daily'
),

final as (
    select
        {{ composite_key(['content_id', 'date_day']) }} as content_day_id,
        content_id,
        community_id,
        {% for count in counts -%}
        {{ count }},
        {% endfor -%}
        date_day
    from content_days
    union all
    select
        {{ composite_key(["'empty'", 'community_id', 'date_day']) }} as content_day_id,
        null as content_id,
        community_id,
        {% for count in counts -%}
        0 as {{ count }},
        {% endfor -%}
        date_day
    from covered_days
)

select * from final
