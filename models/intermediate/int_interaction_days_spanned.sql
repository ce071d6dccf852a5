{#- exports of interactions; True: some of their rows belong to no community -#}
{%- set interaction_exports = [
    ('scrm__content_daily', true),
    ('scrm__content_items', true),
    ('weiban__check_ins', false),
    ('wecom__polls', false),
    ('wecom__messages', false),
] -%}

-- Where an interaction could have been exported, none means zero; elsewhere it means unknown.
with exports as (
    select
        export_name,
        last_day,
        -- a vote is a message: on a day that the archive covers nobody voted, also before the first poll
        case
            when export_name = 'wecom__polls'
                then min(case when export_name in ('wecom__messages', 'wecom__polls') then first_day end) over ()
            else first_day
        end as first_day
    from {{ ref('int_exports_covered') }}
    where is_loaded
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
),

days_of_history as (
    select dates.date_day
    from {{ ref('int_dates_spanned') }} as dates
    inner join {{ ref('int_calendar_bounded') }} as calendar
        on dates.date_day >= coalesce(calendar.history_start_date, calendar.first_date)
),

final as (
    {% for export, has_unattributed in interaction_exports %}
    select
        exports.export_name,
        community_days.community_id,
        community_days.date_day
    from community_days
    inner join exports
        on exports.export_name = '{{ export }}'
        and community_days.date_day >= exports.first_day
        and community_days.date_day <= exports.last_day
    {% if has_unattributed -%}
    union all
    select
        exports.export_name,
        'unattributed' as community_id,
        days_of_history.date_day
    from days_of_history
    inner join exports
        on exports.export_name = '{{ export }}'
        and days_of_history.date_day >= exports.first_day
        and days_of_history.date_day <= exports.last_day
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
