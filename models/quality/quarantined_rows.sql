{%- set acknowledged_columns = ['export_name', 'source_file', 'source_row', 'problem_column', 'problem_value'] -%}
{%- set exports = [
    'ingest__rejected_rows', 'kuaituantuan__activities', 'kuaituantuan__order_lines', 'kuaituantuan__orders',
    'kuaituantuan__sheet_orders', 'manual__campaign_phases', 'manual__campaigns', 'manual__channels',
    'manual__communities', 'manual__costs', 'manual__courses', 'manual__member_roles', 'manual__products',
    'manual__profiling_choices', 'manual__surveys', 'manual__targets', 'oceanengine__daily', 'referral__records',
    'scrm__campaign_reach', 'scrm__content_daily', 'scrm__content_items', 'scrm__customer_demographics',
    'scrm__link_clicks', 'tencent_ads__daily', 'wechat_channels__live_sessions', 'wechat_channels__videos',
    'wechat_official__articles', 'wechat_pay__bill_totals', 'wechat_pay__personal_bills',
    'wechat_pay__trade_bills', 'wechat_store__order_lines', 'wechat_store__orders', 'wecom__acquisition_links',
    'wecom__consents', 'wecom__contact_statistics', 'wecom__customers', 'wecom__group_chats',
    'wecom__group_events', 'wecom__group_members', 'wecom__group_statistics', 'wecom__messages', 'wecom__polls',
    'wecom__red_packets', 'wecom__staff', 'weiban__check_ins', 'wenjuanxing__answers', 'xiaoetong__learning',
    'xiaohongshu__notes', 'youzan__coupon_uses', 'youzan__order_lines', 'youzan__orders',
] -%}

with gather_problems as (
    {% for export in exports %}
    select
        '{{ export }}' as export_name,
        source_file,
        source_row,
        exported_at,
        problem_column,
        problem_value,
        problem_reason
    from {{ ref('base_' ~ export) }}
    where problem_column is not null
    union all
    {% endfor %}
    select
        export_name,
        source_file,
        source_row,
        exported_at,
        problem_column,
        problem_value,
        problem_reason
    from {{ ref('orphaned_rows') }}
    union all
    -- what could not even be landed
    select
        export_name,
        source_file,
        source_row,
        exported_at,
        rejected_column as problem_column,
        rejected_value as problem_value,
        rejected_reason as problem_reason
    from {{ ref('stg_ingest__rejected_rows') }}
    union all
    select
        export_name,
        source_file,
        source_row,
        exported_at,
        problem_column,
        problem_value,
        problem_reason
    from {{ ref('doubtful_rows') }}
),

acknowledged as (
    select
        {{ clean_text(raw('export_name')) }} as export_name,
        {{ clean_text(raw('source_file')) }} as source_file,
        {{ try_cast_to(raw('source_row'), 'integer') }} as source_row,
        {{ raw('problem_column') }} as problem_column,
        {{ raw('problem_value') }} as problem_value
    from {{ export('acknowledged_quarantine', acknowledged_columns) }} as acknowledged_rows
),

number_problems as (
    select
        *,
        row_number() over (order by export_name, source_file, source_row, problem_column) as problem_number
    from gather_problems
),

list_acknowledged as (
    select distinct number_problems.problem_number
    from number_problems
    inner join acknowledged
        on
        number_problems.export_name = acknowledged.export_name
        and number_problems.problem_column = acknowledged.problem_column
        and coalesce(number_problems.problem_value, '') = coalesce(acknowledged.problem_value, '')
        -- a line without a file or row acknowledges the value in every file or row
        and number_problems.source_file = coalesce(acknowledged.source_file, number_problems.source_file)
        and number_problems.source_row = coalesce(acknowledged.source_row, number_problems.source_row)
),

final as (
    select
        number_problems.export_name,
        number_problems.source_file,
        number_problems.source_row,
        number_problems.problem_column,
        number_problems.problem_value,
        number_problems.problem_reason,
        number_problems.exported_at,
        list_acknowledged.problem_number is not null as is_acknowledged
    from number_problems
    left join list_acknowledged on number_problems.problem_number = list_acknowledged.problem_number
)

select * from final
