{#- (export, time of what happened in its staging model, raw column) -#}
{%- set times = [
    ('kuaituantuan__orders', 'paid_at', 'confirm_at'),
    ('kuaituantuan__sheet_orders', 'paid_at', '支付时间'),
    ('oceanengine__daily', 'stat_date', '时间-天'),
    ('referral__records', 'invited_at', 'invited_at'),
    ('scrm__campaign_reach', 'acted_at', 'action_time'),
    ('scrm__content_daily', 'stat_date', 'stat_date'),
    ('scrm__content_items', 'published_at', 'published_at'),
    ('scrm__link_clicks', 'clicked_at', 'click_time'),
    ('tencent_ads__daily', 'stat_date', 'date'),
    ('wechat_channels__live_sessions', 'started_at', 'create_time'),
    ('wechat_channels__videos', 'published_date', '发布时间'),
    ('wechat_official__articles', 'stat_date', 'stat_date'),
    ('wechat_pay__personal_bills', 'traded_at', '交易时间'),
    ('wechat_pay__trade_bills', 'traded_at', '交易时间'),
    ('wechat_store__orders', 'paid_at', 'pay_time'),
    ('wecom__acquisition_links', 'stat_date', 'stat_time'),
    ('wecom__consents', 'changed_at', 'status_change_time'),
    ('wecom__contact_statistics', 'stat_date', 'stat_time'),
    ('wecom__group_events', 'occurred_at', 'CreateTime'),
    ('wecom__group_statistics', 'stat_date', 'stat_time'),
    ('wecom__messages', 'sent_at', 'msgtime'),
    ('wecom__polls', 'sent_at', 'msgtime'),
    ('wecom__red_packets', 'sent_at', 'msgtime'),
    ('weiban__check_ins', 'last_check_in_at', 'last_check_in_time'),
    ('wenjuanxing__answers', 'submitted_at', '提交答卷时间'),
    ('xiaoetong__learning', 'enrolled_at', 'enrolled_at'),
    ('xiaohongshu__notes', 'published_at', '首次发布时间'),
    ('youzan__coupon_uses', 'issued_at', '领取时间'),
    ('youzan__orders', 'paid_at', '买家付款时间'),
] -%}

-- A time after its own file was made, or years before all others of its export.
with list_days as (
    {% for export, column, raw_column in times %}
    select distinct
        '{{ export }}' as export_name,
        cast({{ column }} as date) as event_date
    from {{ ref('stg_' ~ export) }}
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

order_days as (
    select
        export_name,
        event_date,
        row_number() over (partition by export_name order by event_date) as day_number,
        lead(event_date) over (partition by export_name order by event_date) as next_date
    from list_days
),

find_lone_days as (
    select
        export_name,
        event_date
    from order_days
    where day_number = 1 and next_date > {{ dbt.dateadd('day', 180, 'event_date') }}
),

-- each export is read by itself, so that of the long ones nothing but the few rows found is held
find_times as (
    {% for export, column, raw_column in times %}
    select
        '{{ export }}' as export_name,
        source_file,
        source_row,
        exported_at,
        '{{ raw_column }}' as problem_column,
        cast({{ column }} as timestamp) as event_at
    from {{ ref('stg_' ~ export) }}
    where
        cast({{ column }} as timestamp) > exported_at
        or cast({{ column }} as date) = (
            select find_lone_days.event_date
            from find_lone_days
            where find_lone_days.export_name = '{{ export }}'
        )
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        export_name,
        source_file,
        source_row,
        exported_at,
        problem_column,
        cast(event_at as {{ dbt.type_string() }}) as problem_value,
        case
            when event_at > exported_at
                then 'later than the export itself: correct the date, or the clock or time zone of the file'
            else 'long before every other row of the export: correct the year, or acknowledge the row'
        end as problem_reason
    from find_times
)

select * from final
