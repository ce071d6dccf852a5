{%- set counters = ['readers', 'sharers', 'likers', 'recommenders', 'comment_count', 'collectors'] -%}

-- Counters run from publication on: what a day adds is what stands above all that was shown before.
with articles as (
    select * from {{ ref('stg_wechat_official__articles') }}
    -- the day on which a report was made is in it, but not complete
    where stat_date < cast(exported_at as date)
),

dates as (
    select * from {{ ref('int_dates_spanned') }}
),

find_peaks as (
    select
        {% for counter in counters -%}
        {{ counter }},
        coalesce(
            max({{ counter }}) over (
                partition by article_id order by stat_date rows between unbounded preceding and 1 preceding
            ),
            0
        ) as {{ counter }}_before,
        {% endfor -%}
        article_id,
        title,
        published_date,
        stat_date
    from articles
),

measure_rises as (
    select
        {% for counter in counters -%}
        {{ counter }} - {{ counter }}_before as {{ counter }},
        {% endfor -%}
        article_id,
        title,
        published_date,
        stat_date
    from find_peaks
),

final as (
    select
        {{ composite_key(['measure_rises.article_id', 'measure_rises.stat_date']) }} as article_day_id,
        measure_rises.article_id,
        measure_rises.title,
        measure_rises.published_date,
        {% for counter in counters -%}
        greatest(measure_rises.{{ counter }}, 0) as {{ counter }},
        {% endfor -%}
        -- true as soon as one counter stands below its peak
        least(measure_rises.{{ counters | join(', measure_rises.') }}) < 0 as is_counter_fall,
        measure_rises.stat_date as date_day
    from measure_rises
    inner join dates on measure_rises.stat_date = dates.date_day
)

select * from final
