-- step days that the exports of each metric cover: kpi/coverage.py
create or replace temp table covered as
{covered};

-- step exports without which a metric is unknown and that are absent
create or replace temp table absent as
select metric as metric_id, string_agg(distinct export_name, ', ' order by export_name) as exports
from {quality}.absent_exports
where effect = 'unknown'
group by metric;

-- step series: a metric by one value of a dimension, and the periods between its first and its last figure
create or replace temp table series as
select
    cells.metric_id,
    cells.grain,
    cells.dimension,
    cells.dimension_value,
    min(periods.period_no) filter (where cells.value is not null) as first_no,
    max(periods.period_no) filter (where cells.value is not null) as last_no
from cells
inner join periods on cells.grain = periods.grain and cells.period_start = periods.period_start
where cells.dimension <> 'all'
group by all
-- nothing but zeros without a name are the covered days on which nothing happened
having first_no is not null and (cells.dimension_value is not null or max(abs(cells.value)) > 0);

-- step the whole takes all periods of the calendar, so that a gap is seen
insert into series
select asked_wholes.metric_id, asked_wholes.grain, 'all', 'all', min(periods.period_no), max(periods.period_no)
from asked_wholes
inner join periods on asked_wholes.grain = periods.grain
group by all;

-- step age and type of a community; other things are peers of themselves alone
create or replace temp table communities as
select community_name, any_value(community_type) as community_type, min(created_date) as created_date
from {marts}.dim_communities
group by community_name;

-- step each series at each of its periods
create or replace temp table figures as
with lay_out as (
    select
        series.metric_id,
        series.grain,
        series.dimension,
        series.dimension_value,
        periods.period_start,
        periods.period_end,
        periods.last_day,
        periods.period_no,
        date_diff('day', communities.created_date, periods.period_start) as age_days,
        communities.community_type
    from series
    inner join periods
        on series.grain = periods.grain and periods.period_no between series.first_no and series.last_no
    left join communities
        on series.dimension = '{community}' and series.dimension_value = communities.community_name
),

add_figures as (
    select
        lay_out.*,
        cells.value,
        cells.numerator,
        cells.denominator,
        cells.is_counted,
        {is_partial} as is_partial,
        lay_out.last_day + metrics.settle_days > {as_of} as is_provisional,
        coalesce(covered.first_day > lay_out.period_end or covered.last_day < lay_out.period_start, false)
            as is_uncovered,
        case
            when lay_out.community_type is null then concat_ws('|', lay_out.dimension, lay_out.dimension_value)
            else concat_ws('|', '{community}', lay_out.community_type, coalesce({age_bracket}, -1))
        end as peers
    from lay_out
    inner join metrics on lay_out.metric_id = metrics.metric_id
    left join covered on lay_out.metric_id = covered.metric_id
    left join cells
        on lay_out.metric_id = cells.metric_id and lay_out.grain = cells.grain
        and lay_out.period_start = cells.period_start and lay_out.dimension = cells.dimension
        and lay_out.dimension_value is not distinct from cells.dimension_value
)

select
    *,
    quantile_cont(case when not is_partial then value end, {low}) over before as band_low,
    quantile_cont(case when not is_partial then value end, {high}) over before as band_high,
    count(case when not is_partial then value end) over before as band_n
from add_figures
window before as (
    partition by metric_id, grain, peers order by period_no
    range between {band_periods} preceding and 1 preceding
);

-- step targets of cells that are exported; of two for one cell neither counts
create or replace temp table targets as
select
    kept.target_metric as metric_id,
    kept.period_kind as grain,
    kept.period_start_date as period_start,
    case when kept.community_id is null then 'all' else '{community}' end as dimension,
    coalesce(named.community_name, 'all') as dimension_value,
    cast(any_value(asked.target_value) as double) as target,
    cast(any_value(asked.target_attainment_rate) as double) as attainment
from {marts}.fct_targets as kept
inner join asked_targets as asked on kept.target_id = asked.target
left join {marts}.dim_communities as named on kept.community_id = named.community_id
where kept.staff_key is null and (kept.community_id is null or named.community_name is not null)
group by all
having count(*) = 1;

-- step the table
create or replace table metric_values as
with add_neighbours as (
    select
        figures.*,
        before.value as previous_value,
        year_before.value as previous_year_value,
        targets.target,
        targets.attainment
    from figures
    left join figures as before
        on figures.metric_id = before.metric_id and figures.grain = before.grain
        and figures.dimension = before.dimension and figures.period_no = before.period_no + 1
        and figures.dimension_value is not distinct from before.dimension_value
    left join figures as year_before
        on figures.metric_id = year_before.metric_id and figures.grain = year_before.grain
        and figures.dimension = year_before.dimension
        and figures.dimension_value is not distinct from year_before.dimension_value
        and year_before.period_start = case
            when figures.grain = 'week' then figures.period_start - 364
            -- 29 February has no day of last year
            when day(figures.period_start) = day(figures.period_start - interval 1 year)
                then cast(figures.period_start - interval 1 year as date)
        end
    left join targets
        on figures.metric_id = targets.metric_id and figures.grain = targets.grain
        and figures.period_start = targets.period_start and figures.dimension = targets.dimension
        and figures.dimension_value = targets.dimension_value
),

name_columns as (
    select
        metrics.metric_id,
        metrics.label,
        metrics.label_en,
        metrics.stage,
        metrics.unit,
        metrics.direction,
        figures.grain,
        figures.period_start,
        figures.period_end,
        figures.dimension,
        figures.dimension_value,
        figures.value,
        figures.numerator,
        figures.denominator,
        case when figures.is_counted then cast(figures.denominator as bigint) end as sample_size,
        intervals.ci_low,
        intervals.ci_high,
        figures.is_partial,
        figures.is_provisional,
        figures.previous_value,
        figures.previous_year_value,
        case when figures.band_n >= {band_minimum} then figures.band_low end as band_low,
        case when figures.band_n >= {band_minimum} then figures.band_high end as band_high,
        figures.band_n,
        figures.target,
        figures.attainment,
        case
            when figures.value is not null then null
            when absent.exports is not null then 'absent_export: ' || absent.exports
            when figures.is_uncovered then 'not_covered'
            when figures.denominator = 0 and figures.is_provisional and metrics.is_cohort then 'not_matured'
            when figures.denominator = 0 then 'zero_denominator'
            when metrics.own_dimension is not null and figures.dimension <> metrics.own_dimension then 'mixed_kinds'
            when metrics.is_cohort and figures.is_provisional then 'not_matured'
            else 'not_known'
        end as null_reason,
        metrics.version,
        {as_of} as as_of
    from add_neighbours as figures
    inner join metrics on figures.metric_id = metrics.metric_id
    left join absent on figures.metric_id = absent.metric_id
    left join intervals
        on metrics.is_proportion and figures.value is not null
        and figures.numerator = intervals.numerator and figures.denominator = intervals.denominator
),

judge as (
    select
        * exclude (null_reason, version, as_of),
        case
            when value is null then null
            when target is not null and direction = 'lower' and value > target then 'off_target'
            when target is not null and direction <> 'lower' and value >= target then 'on_target'
            -- what is still under way may yet reach its target, or go beyond it
            when is_partial then null
            when target is not null and direction = 'lower' then 'on_target'
            when target is not null then 'off_target'
            when value < band_low then 'below_band'
            when value > band_high then 'above_band'
            when band_low is not null then 'in_band'
        end as status,
        null_reason,
        version,
        as_of
    from name_columns
)

select * from judge
order by metric_id, grain, dimension, dimension_value, period_start;
