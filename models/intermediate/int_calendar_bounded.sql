with exports as (
    select * from {{ ref('int_exports_covered') }}
),

measure_calendar as (
    select
        1 as calendar_id,
        min(first_day) filter (
            where export_name in ('wecom__group_members', 'wecom__group_events')
        ) as history_start_date,
        -- messages, clicks, referrals, campaigns and courses only count beside communities and sales,
        -- and hand-kept sheets reach beyond the data
        min(first_day) filter (
            where not starts_with(export_name, 'manual__')
            and export_name not in (
                'wecom__messages', 'scrm__link_clicks', 'referral__records', 'scrm__campaign_reach',
                'xiaoetong__learning', 'wechat_channels__live_sessions'
            )
        ) as first_date,
        {% if var('as_of') is none -%}
        max(last_day) filter (where not starts_with(export_name, 'manual__')) as as_of_date
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
