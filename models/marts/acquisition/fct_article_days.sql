{%- set counters = ['readers', 'sharers', 'likers', 'recommenders', 'comments', 'collectors'] -%}

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
        *,
        {% for counter in counters -%}
        coalesce(
            max({{ counter }}) over (
                partition by article_id order by stat_date rows between unbounded preceding and 1 preceding
            ),
            0
        ) as {{ counter }}_before{{ ',' if not loop.last }}
        {% endfor -%}
    from articles
),

final as (
    select
        {{ composite_key(['find_peaks.article_id', 'find_peaks.stat_date']) }} as article_day_id,
        find_peaks.article_id,
        find_peaks.title,
        find_peaks.published_date,
        {% for counter in counters -%}
        greatest(find_peaks.{{ counter }} - find_peaks.{{ counter }}_before, 0) as {{ counter }},
        {% endfor -%}
        {% for counter in counters -%}
        {{ 'or ' if not loop.first }}find_peaks.{{ counter }} < find_peaks.{{ counter }}_before
        {% endfor -%}
        as is_counter_fall,
        find_peaks.stat_date as date_day
    from find_peaks
    inner join dates on find_peaks.stat_date = dates.date_day
)

select * from final
