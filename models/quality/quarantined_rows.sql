{%- set exports = [
    'manual__campaigns', 'manual__channels', 'manual__communities', 'manual__costs', 'manual__member_roles', 'manual__products',
    'oceanengine__daily', 'referral__records', 'scrm__link_clicks', 'tencent_ads__daily', 'wechat_store__order_lines',
    'wechat_store__orders', 'wecom__acquisition_links', 'wecom__customers', 'wecom__group_chats', 'wecom__group_events',
    'wecom__group_members', 'wecom__messages', 'wecom__staff', 'youzan__orders',
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
    select * from {{ ref('orphaned_rows') }}
),

acknowledged as (
    select * from {{ ref('acknowledged_quarantine') }}
),

final as (
    select
        gather_problems.export_name,
        gather_problems.source_file,
        gather_problems.source_row,
        gather_problems.problem_column,
        gather_problems.problem_value,
        gather_problems.problem_reason,
        acknowledged.source_export is not null as is_acknowledged,
        gather_problems.exported_at
    from gather_problems
    left join acknowledged
        on gather_problems.export_name = acknowledged.source_export
        -- a line without a file acknowledges the value in every file
        and gather_problems.source_file = coalesce(acknowledged.source_file, gather_problems.source_file)
        and gather_problems.problem_column = acknowledged.problem_column
        and coalesce(gather_problems.problem_value, '') = coalesce(acknowledged.problem_value, '')
)

select * from final
