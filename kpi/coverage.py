"""Which days the data cover, and which figures are of a part of their period: in SQL, for the export and for questions.

Both ask the same text, so that they cannot differ. ``{marts}`` and the like are the schemas of the warehouse, see
``kpi.sql.places``. All of it is SQL that every engine reads.
"""

from __future__ import annotations

SPAN = "select min(date_day) as first_day, max(date_day) as as_of from {marts}.dim_dates"

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
from {reference}.metric_exports as needs
inner join {intermediate}.int_exports_covered as found on needs.export_name = found.export_name
where {which}
group by needs.metric
"""

# The length of each period as every engine spells it: some know no quarters.
LENGTHS = {"day": "'1' day", "week": "'7' day", "month": "'1' month", "quarter": "'3' month", "year": "'1' year"}


def periods(grain: str, as_of: str) -> str:
    """The periods that hold a day of ``days``; ``period_end`` is the last day that counts.

    Args:
        grain: ``day`` to ``year``.
        as_of: the last day that counts, in SQL.
    """
    first = f"date_trunc('{grain}', cast(day as timestamp))"
    return (
        f"select grain, period_start, last_day, least(last_day, {as_of}) as period_end from ("
        f"select distinct '{grain}' as grain, cast({first} as date) as period_start, "
        f"cast({first} + interval {LENGTHS[grain]} - interval '1' day as date) as last_day from days) as whole"
    )


# The period ends after the as-of day, or the exports that the metric needs begin or end within it.
IS_PARTIAL = (
    "({period}.last_day > {as_of} or coalesce(covered.first_day > {period}.period_start, false) "
    "or coalesce(covered.last_day < {period}.period_end, false))"
)
