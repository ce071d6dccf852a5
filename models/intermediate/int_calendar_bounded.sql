with exports as (
    select * from {{ ref('int_exports_covered') }}
),

measure_calendar as (
    select
        1 as calendar_id,
        min(first_day) filter (
            where export_name in ('wecom__group_members', 'wecom__group_events')
        ) as history_start_date,
        -- only what counts outside communities too; what is kept by hand reaches beyond the data
        min(first_day) filter (
            where export_name in (
                'wecom__group_members', 'wecom__group_events', 'youzan__orders', 'wechat_store__orders',
                'kuaituantuan__orders', 'tencent_ads__daily', 'oceanengine__daily', 'wecom__acquisition_links',
                'wecom__contact_statistics', 'wechat_official__articles'
            )
        ) as first_date,
        {% if var('as_of') is none -%}
        max(last_day) filter (where left(export_name, 8) != 'manual__') as as_of_date
        {%- else -%}
        cast('{{ var("as_of") }}' as date) as as_of_date
        {%- endif %},
        max(last_day) filter (
            where export_name in ('wecom__group_members', 'wecom__group_events')
        ) as members_last_day
    from exports
),

final as (
    select
        calendar_id,
        history_start_date,
        first_date,
        as_of_date,
        -- after it nobody is seen to join or leave: that is unknown, not zero
        least(members_last_day, as_of_date) as members_last_date
    from measure_calendar
)

select * from final
