{#- (export, staging model, day of an event, last day that the export speaks of) -#}
{%- set exports = [
    ('wecom__group_members', 'stg_wecom__group_members', 'exported_at', none),
    ('wecom__group_events', 'stg_wecom__group_events', 'occurred_at', none),
    ('wecom__messages', 'stg_wecom__messages', 'sent_at', none),
    ('wecom__polls', 'stg_wecom__polls', 'sent_at', none),
    ('wecom__red_packets', 'stg_wecom__red_packets', 'sent_at', none),
    ('scrm__link_clicks', 'stg_scrm__link_clicks', 'clicked_at', none),
    ('youzan__orders', 'stg_youzan__orders', 'paid_at', none),
    ('wechat_store__orders', 'stg_wechat_store__orders', 'paid_at', none),
    ('kuaituantuan__orders', 'stg_kuaituantuan__orders', 'paid_at', none),
    ('kuaituantuan__orders', 'int_sheet_sales_chosen', 'paid_at', none),
    ('youzan__coupon_uses', 'stg_youzan__coupon_uses', 'issued_at', none),
    ('wechat_pay__trade_bills', 'stg_wechat_pay__trade_bills', 'traded_at', none),
    ('tencent_ads__daily', 'stg_tencent_ads__daily', 'stat_date', none),
    ('oceanengine__daily', 'stg_oceanengine__daily', 'stat_date', none),
    ('wecom__acquisition_links', 'stg_wecom__acquisition_links', 'stat_date', none),
    ('wecom__contact_statistics', 'stg_wecom__contact_statistics', 'stat_date', none),
    ('wecom__group_statistics', 'stg_wecom__group_statistics', 'stat_date', none),
    ('referral__records', 'stg_referral__records', 'invited_at', none),
    ('scrm__content_items', 'stg_scrm__content_items', 'published_at', none),
    ('scrm__content_daily', 'stg_scrm__content_daily', 'stat_date', none),
    ('weiban__check_ins', 'stg_weiban__check_ins', 'last_check_in_at', none),
    ('wechat_official__articles', 'stg_wechat_official__articles', 'stat_date', none),
    ('wenjuanxing__answers', 'stg_wenjuanxing__answers', 'submitted_at', none),
    ('manual__costs', 'stg_manual__costs', 'first_date', 'last_date'),
    ('scrm__campaign_reach', 'stg_scrm__campaign_reach', 'acted_at', none),
    ('wechat_channels__live_sessions', 'stg_wechat_channels__live_sessions', 'started_at', none),
    ('xiaoetong__learning', 'stg_xiaoetong__learning', 'enrolled_at', none),
] -%}

with measure_exports as (
    {% for export, model, event_day, last_day in exports %}
    select
        '{{ export }}' as export_name,
        count(*) > 0 as is_loaded,
        cast(min({{ event_day }}) as date) as first_day,
        {% if last_day -%}
        cast(max({{ last_day }}) as date) as last_day
        {%- else -%}
        -- the day of the export itself is not complete
        cast({{ dbt.dateadd('day', -1, 'cast(max(exported_at) as date)') }} as date) as last_day
        {%- endif %}
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    -- the orders of one platform may come from its interface or from a sheet: one or the other is loaded
    select
        export_name,
        bool_or(is_loaded) as is_loaded,
        min(first_day) as first_day,
        max(last_day) as last_day
    from measure_exports
    group by export_name
)

select * from final
