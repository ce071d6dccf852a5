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
{#- (export, what makes a row of a file one of its kind, other values, raw column of the key) -#}
{%- set keys = [
    ('kuaituantuan__order_lines', ['order_id', 'line_id'], ['quantity', 'goods_amount', 'refunded_quantity'],
        'sub_order_sn'),
    ('manual__campaigns', ['campaign_id'], ['starts_at', 'ends_at', 'chat_id'], 'campaign_id'),
    ('manual__channels', ['state'], ['channel_id', 'source_id'], 'state'),
    ('manual__communities', ['chat_id'], ['community_type', 'community_family', 'promo_code'], 'chat_id'),
    ('manual__costs', ['cost_id'], ['first_date', 'last_date', 'cost_amount', 'chat_id', 'channel_id'], '费用编号'),
    ('manual__courses', ['course_id'], ['first_date', 'last_date', 'trial_chat_id', 'member_chat_id'], 'course_id'),
    ('manual__member_roles', ['member_key'], ['role'], 'member_key'),
    ('manual__products', ['product_id'], ['unit_cost_amount'], 'product_id'),
    ('manual__profiling_choices', ['customer_key', 'effective_date'], ['has_opted_out'], '生效日期'),
    ('manual__surveys', ['survey_id'], ['sent_date', 'surveys_sent'], '问卷编号'),
    ('manual__targets', ['target_id'], ['target_metric', 'period_start_date', 'target_value'], '目标编号'),
    ('oceanengine__daily', ['project_id', 'stat_date'], ['impressions', 'cost_amount'], '时间-天'),
    ('scrm__content_daily', ['content_id', 'stat_date'], ['view_count', 'click_count', 'like_count'], 'stat_date'),
    ('tencent_ads__daily', ['adgroup_id', 'stat_date'], ['impressions', 'cost_amount'], 'date'),
    ('wechat_channels__live_sessions', ['live_session_id'], ['viewers', 'gmv_amount', 'refunded_amount'], 'export_id'),
    ('wechat_official__articles', ['article_id', 'stat_date'], ['readers'], 'stat_date'),
    ('wechat_store__order_lines', ['order_id', 'sku_id', 'is_gift'], ['quantity', 'paid_amount', 'refunded_quantity'],
        'sku_id'),
    ('wecom__acquisition_links', ['link_id', 'stat_date'], ['clicked_persons', 'new_contacts'], 'stat_time'),
    ('wecom__consents', ['customer_key', "coalesce(chat_id, '-')", 'changed_at'], ['agree_status'],
        'status_change_time'),
    ('wecom__contact_statistics', ['staff_key', 'stat_date'], ['new_contacts', 'staff_messages'], 'stat_time'),
    ('wecom__group_statistics', ['owner_key', 'stat_date'], ['members_total', 'new_members'], 'stat_time'),
] -%}
{%- set joint = ' as ' ~ dbt.type_string() ~ "), '') || '|' || coalesce(cast(" -%}

-- What no single row shows: a time after its own file was made or years before all others, and a key that one file
-- holds twice with other values. The rows count all the same, until somebody has looked.
with gather_times as (
    {% for export, column, raw_column in times %}
    select
        '{{ export }}' as export_name,
        source_file,
        source_row,
        exported_at,
        '{{ raw_column }}' as problem_column,
        cast({{ column }} as timestamp) as event_at
    from {{ ref('stg_' ~ export) }}
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

list_days as (
    select distinct
        export_name,
        cast(event_at as date) as event_date
    from gather_times
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

judge_times as (
    select
        gather_times.export_name,
        gather_times.source_file,
        gather_times.source_row,
        gather_times.exported_at,
        gather_times.problem_column,
        cast(gather_times.event_at as {{ dbt.type_string() }}) as problem_value,
        case
            when gather_times.event_at > gather_times.exported_at
                then 'later than the export itself: correct the date, or the clock or time zone of the file'
            else 'long before every other row of the export: correct the year, or acknowledge the row'
        end as problem_reason
    from gather_times
    left join find_lone_days
        on gather_times.export_name = find_lone_days.export_name
        and cast(gather_times.event_at as date) = find_lone_days.event_date
    where gather_times.event_at > gather_times.exported_at or find_lone_days.event_date is not null
),

gather_keys as (
    {% for export, key_columns, value_columns, raw_column in keys %}
    select
        '{{ export }}' as export_name,
        source_file,
        source_row,
        exported_at,
        '{{ raw_column }}' as problem_column,
        {{ composite_key(key_columns) }} as row_key,
        coalesce(cast({{ value_columns | join(joint) }} as {{ dbt.type_string() }}), '') as row_values
    from {{ ref('base_' ~ export) }}
    where problem_column is null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

compare_keys as (
    select
        *,
        min(row_values) over (partition by export_name, row_key, source_file, exported_at) as lowest_values,
        max(row_values) over (partition by export_name, row_key, source_file, exported_at) as highest_values
    from gather_keys
),

judge_keys as (
    select
        export_name,
        source_file,
        source_row,
        exported_at,
        problem_column,
        row_key as problem_value,
        'twice in one file with other values: only one of them counts; remove the wrong one' as problem_reason
    from compare_keys
    where lowest_values != highest_values
),

gather_doubts as (
    select * from judge_times
    union all
    select * from judge_keys
),

rank_doubts as (
    select
        *,
        row_number() over (
            partition by export_name, source_file, source_row, exported_at, problem_column
            order by problem_reason
        ) as doubt_number
    from gather_doubts
),

final as (
    select
        export_name,
        source_file,
        source_row,
        exported_at,
        problem_column,
        problem_value,
        problem_reason
    from rank_doubts
    where doubt_number = 1
)

select * from final
