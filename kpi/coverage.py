"""Which days the data cover, and which figures are of a part of their period: in SQL, for the export and for questions.

Both ask the same text, so that they cannot differ. ``{warehouse}`` is the name under which the warehouse is attached.
"""

from __future__ import annotations

SPAN = "select min(date_day) as first_day, max(date_day) as as_of from {warehouse}.marts.dim_dates"

# One row per metric for which ``{which}`` holds: the days that its exports cover: those without which it is unknown,
# where any of them has days of its own (a list of products has none and covers all), else any of the others.
COVERED = """
select
    needs.metric as metric_id,
    greatest(
        max(first_day) filter (where effect = 'unknown'),
        case when count(first_day) filter (where effect = 'unknown') = 0
            then min(first_day) filter (where effect = 'changed') end
    ) as first_day,
    least(
        min(last_day) filter (where effect = 'unknown'),
        case when count(first_day) filter (where effect = 'unknown') = 0
            then max(last_day) filter (where effect = 'changed') end
    ) as last_day
from {warehouse}.reference.metric_exports as needs
inner join {warehouse}.intermediate.int_exports_covered as found on needs.export_name = found.export_name
where {which}
group by needs.metric
"""

# The periods that hold a day of ``days``; ``period_end`` is the last day that counts.
PERIODS = (
    "select *, least(last_day, {as_of}) as period_end from ("
    "select '{grain}' as grain, cast(date_trunc('{grain}', day) as date) as period_start, "
    "cast(date_trunc('{grain}', day) + interval 1 {grain} - interval 1 day as date) as last_day "
    "from days group by all)"
)

# The period ends after the as-of day, or the exports that the metric needs begin or end within it.
IS_PARTIAL = (
    "({period}.last_day > {as_of} or coalesce(covered.first_day > {period}.period_start, false) "
    "or coalesce(covered.last_day < {period}.period_end, false))"
)
