{#- (export, column of its staging model, raw column, look-up, key of the look-up, what to do) -#}
{%- set orphans = [
    ('wecom__messages', 'chat_id', 'roomid', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: its messages count nowhere; load the group list'),
    ('wecom__messages', 'message_type', 'msgtype', ref('message_types'), 'msgtype',
        'a message type that message_types does not list: it counts as a message without content; add it'),
    ('wecom__polls', 'chat_id', 'roomid', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: its votes count nowhere; load the group list'),
    ('wecom__red_packets', 'chat_id', 'roomid', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: its red packets count nowhere; load the group list'),
    ('scrm__link_clicks', 'chat_id', 'chat_id', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: its clicks credit no order; load the group list'),
    ('manual__costs', 'chat_id', '社群', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: correct the chat_id in the cost sheet'),
    ('manual__channels', 'chat_id', 'chat_id', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: correct the chat_id in the channel list'),
    ('manual__costs', 'channel_id', '渠道', ref('stg_manual__channels'), 'channel_id',
        'a channel that the channel list does not have: correct it, or add the channel'),
    ('wechat_store__order_lines', 'order_id', 'order_id', ref('stg_wechat_store__orders'), 'order_id',
        'a line without its order: export the orders of the same days'),
    ('tencent_ads__daily', 'adgroup_id', 'adgroup_id', ref('stg_manual__channels'), 'source_id',
        'an ad group that the channel list does not have: its exposure stands under no channel; add it'),
    ('oceanengine__daily', 'project_id', '项目ID', ref('stg_manual__channels'), 'source_id',
        'an ad project that the channel list does not have: its exposure stands under no channel; add it'),
    ('weiban__check_ins', 'chat_id', 'chat_id', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: its check-ins count nowhere; load the group list'),
    ('scrm__content_items', 'chat_id', 'chat_id', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: the content stands under no community; load the group list'),
    ('scrm__content_items', 'campaign_id', 'campaign_id', ref('stg_manual__campaigns'), 'campaign_id',
        'a campaign that the campaign list does not have: correct it, or add the campaign'),
    ('scrm__content_daily', 'content_id', 'content_id', ref('stg_scrm__content_items'), 'content_id',
        'content that the content list does not have: its counts stand under no community; load the content list'),
    ('manual__surveys', 'chat_id', '社群', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: correct the chat_id in the survey ledger'),
    ('wenjuanxing__answers', 'survey_id', '问卷编号', ref('stg_manual__surveys'), 'survey_id',
        'a survey that the survey ledger does not have: its scores cannot be read; add the survey'),
    ('youzan__orders', 'promo_code', '推广方式', ref('stg_manual__communities'), 'promo_code',
        'a promotion code that no registered community has: the order is credited by last touch only; '
        ~ 'register the code'),
    ('wecom__contact_statistics', 'staff_key', 'userid', ref('stg_wecom__staff'), 'staff_key',
        'a staff member whom the staff list does not have: the figures stand under no department; load the staff list'),
    ('manual__targets', 'target_metric', '指标', ref('target_metrics'), 'target_metric',
        'a metric whose actual is not compared with targets: correct the id, or accept a target without attainment'),
    ('manual__targets', 'chat_id', '社群', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: correct the chat_id in the target sheet'),
    ('manual__targets', 'staff_key', '员工', ref('stg_wecom__staff'), 'staff_key',
        'a staff member whom the staff list does not have: correct the key in the target sheet'),
    ('youzan__order_lines', 'order_id', '订单号', ref('stg_youzan__orders'), 'order_id',
        'a line without its order: export the orders of the same days'),
    ('youzan__order_lines', 'product_id', '商品编码', ref('stg_manual__products'), 'product_id',
        'a product that the product list does not have: the cost of its orders is unknown; add it'),
    ('youzan__coupon_uses', 'order_id', '核销订单号', ref('stg_youzan__orders'), 'order_id',
        'a coupon used for an order that is not there: export the orders of the same days'),
    ('kuaituantuan__activities', 'chat_id', 'chat_id', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: its activity credits no order; correct the chat_id'),
    ('kuaituantuan__activities', 'product_id', 'goods_external_id', ref('stg_manual__products'), 'product_id',
        'a product that the product list does not have: its activity stands under no product; add it'),
    ('kuaituantuan__orders', 'activity_no', 'activity_no', ref('stg_kuaituantuan__activities'), 'activity_no',
        'an activity that the list of activities does not have: its orders are credited by last touch only; export it'),
    ('kuaituantuan__order_lines', 'order_id', 'order_sn', ref('stg_kuaituantuan__orders'), 'order_id',
        'a line without its order: export the orders of the same days'),
    ('kuaituantuan__order_lines', 'product_id', 'goods_external_id', ref('stg_manual__products'), 'product_id',
        'a product that the product list does not have: the cost of its orders is unknown; add it'),
    ('wechat_store__order_lines', 'product_id', 'product_id', ref('stg_manual__products'), 'product_id',
        'a product that the product list does not have: the cost of its orders is unknown; add it'),
    ('manual__costs', 'campaign_id', '活动', ref('stg_manual__campaigns'), 'campaign_id',
        'a campaign that the campaign list does not have: correct it, or add the campaign'),
    ('manual__campaigns', 'chat_id', 'chat_id', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: correct the chat_id in the campaign list'),
    ('manual__campaign_phases', 'campaign_id', 'campaign_id', ref('stg_manual__campaigns'), 'campaign_id',
        'a campaign that the campaign list does not have: correct it, or add the campaign'),
    ('scrm__campaign_reach', 'campaign_id', 'campaign_id', ref('stg_manual__campaigns'), 'campaign_id',
        'a campaign that the campaign list does not have: whom it reached counts nowhere; add the campaign'),
    ('manual__courses', 'trial_chat_id', '体验群', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: correct the chat_id in the course list'),
    ('manual__courses', 'member_chat_id', '会员群', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: correct the chat_id in the course list'),
    ('manual__profiling_choices', 'customer_key', '客户', ref('int_identities_resolved'), 'identity_key',
        'a customer whom no other export knows: the choice binds nobody; correct the key'),
    ('xiaoetong__learning', 'course_id', 'course_id', ref('stg_manual__courses'), 'course_id',
        'a course that the course list does not have: nobody knows when it ends; add the course'),
] -%}

with gather_orphans as (
    {% for export, column, raw_column, lookup, lookup_key, reason in orphans %}
    select
        '{{ export }}' as export_name,
        staged.source_file,
        staged.source_row,
        staged.exported_at,
        '{{ raw_column }}' as problem_column,
        staged.{{ column }} as problem_value,
        '{{ reason }}' as problem_reason
    from {{ ref('stg_' ~ export) }} as staged
    where
        staged.{{ column }} is not null
        -- a look-up that was not loaded is missing, not wrong
        and exists (
            select 1
            from {{ lookup }} as known
            where known.{{ lookup_key }} is not null
        )
        and not exists (
            select 1
            from {{ lookup }} as known
            where known.{{ lookup_key }} = staged.{{ column }}
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
        problem_value,
        problem_reason
    from gather_orphans
)

select * from final
