{#- (export, column of its staging model, raw column, look-up, key of the look-up, what to do) -#}
{%- set orphans = [
    ('wecom__messages', 'chat_id', 'roomid', ref('int_communities_described'), 'community_id',
        'a group that no group list and no callback names: its messages count nowhere; load the group list'),
    ('wecom__messages', 'message_type', 'msgtype', ref('message_types'), 'msgtype',
        'a message type that message_types does not list: it counts as a message without content; add it'),
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
    ('youzan__orders', 'promo_code', '推广方式', ref('stg_manual__communities'), 'promo_code',
        'a promotion code that no registered community has: the order is credited by last touch only; '
        ~ 'register the code'),
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
