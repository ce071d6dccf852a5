{#- (staging model, time of what happened) -#}
{%- set times = [
    ('stg_kuaituantuan__orders', 'updated_at'),
    ('stg_oceanengine__daily', 'stat_date'),
    ('stg_tencent_ads__daily', 'stat_date'),
    ('stg_wechat_store__orders', 'updated_at'),
    ('stg_wecom__contact_statistics', 'stat_date'),
    ('stg_wecom__group_events', 'occurred_at'),
    ('stg_wecom__group_members', 'joined_at'),
    ('stg_wecom__messages', 'sent_at'),
    ('stg_youzan__orders', 'created_at'),
] -%}
-- The last day that counts comes from the latest time of export. Where nobody has done anything for a month before it,
-- in any export, one of the files has a wrong _exported_at: every day up to it would count as a day without events.
with gather_times as (
    {% for model, column in times %}
    select cast(max({{ column }}) as date) as last_event_date
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

find_last_event as (
    select max(last_event_date) as last_event_date
    from gather_times
),

find_last_export as (
    select
        export_name,
        last_day
    from {{ ref('int_exports_covered') }}
    where is_loaded
)

select
    find_last_export.export_name,
    find_last_export.last_day,
    find_last_event.last_event_date
from find_last_export
cross join find_last_event
cross join {{ ref('int_calendar_bounded') }} as calendar
where
    find_last_export.last_day = calendar.as_of_date
    and find_last_export.last_day > {{ dbt.dateadd('day', 31, 'find_last_event.last_event_date') }}
