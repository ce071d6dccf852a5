with content_days as (
    select * from {{ ref('stg_scrm__content_daily') }}
),

contents as (
    select * from {{ ref('int_contents_described') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select
        content_days.content_id,
        content_days.view_count,
        content_days.click_count,
        content_days.comment_count,
        content_days.like_count,
        content_days.share_count,
        content_days.stat_date as date_day,
        coalesce(contents.community_id, 'unattributed') as community_id
    from content_days
    cross join calendar
    left join contents on content_days.content_id = contents.content_id
    where
        -- the day on which a report was made is in it, but not complete
        content_days.stat_date < cast(content_days.exported_at as date)
        and content_days.stat_date >= coalesce(calendar.history_start_date, calendar.first_date)
        and content_days.stat_date <= calendar.as_of_date
)

select * from final
