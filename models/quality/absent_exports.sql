{%- set exports = exports_of_metrics() -%}

with metric_exports as (
    select *
    from {{ ref('metric_exports') }}
),

find_absent as (
    {% for export, title in exports %}
    select
        '{{ export }}' as export_name,
        '{{ title }}' as export_title
    from (select count(*) as landed_rows from {{ ref('base_' ~ export) }}) as landed
    where landed_rows = 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        find_absent.export_name,
        find_absent.export_title,
        metric_exports.metric,
        metric_exports.label_zh as metric_label,
        metric_exports.effect
    from find_absent
    inner join metric_exports
        on find_absent.export_name = metric_exports.export_name
)

select * from final
