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

-- A key that one file holds twice with other values.
with gather_keys as (
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

final as (
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
)

select * from final
