-- One row per cell of metrics.metric_values whose period is over, with labels that sort. Nothing is added up.
with

cells as (select * from metrics.metric_values where not is_partial),

dates as (select * from marts.dim_dates),

segments as (select * from reference.user_segments),

labelled as (
    select
        cells.metric_id,
        cells.label,
        cells.label_en,
        cells.stage,
        cells.unit,
        cells.grain,
        cells.period_start,
        case cells.grain
            when 'week' then dates.week_label
            when 'month' then dates.month_label
            when 'quarter' then dates.quarter_label
            else strftime(cells.period_start, '%Y-%m-%d')
        end as period_label,
        cells.dimension,
        coalesce(segments.sort_order || ' ' || segments.label_zh, cells.dimension_value, '未知') as part,
        cells.value,
        cells.withheld,
        cells.null_reason,
        cells.is_provisional,
        case
            when cells.period_start = max(cells.period_start) over (partition by cells.metric_id, cells.grain)
                then 'latest'
            else 'earlier'
        end as recency
    from cells
    left join dates on cells.period_start = dates.date_day
    left join segments
        on cells.dimension = 'member_snapshot__user_segment' and cells.dimension_value = segments.user_segment
)

select * from labelled
