"""What an answer cannot say by itself: which of its figures are of a part of their period, and where the data end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from kpi.coverage import COVERED, IS_PARTIAL, SPAN, periods
from kpi.engines import Engine, MissingTableError, Reader
from kpi.query.question import QueryError
from kpi.sql import literal

# without --grain the days that are asked for are the one period
RANGE = "select date '{start}' as period_start, date '{end}' as last_day, least(date '{end}', {as_of}) as period_end"
PARTIAL = """
with covered as {materialized} ({covered}),
metrics as (select * from (values {asked}) as asked(metric_id)),
days as (select date_day as day from {marts}.dim_dates),
periods as {materialized} ({periods})
select
    metrics.metric_id,
    periods.period_start,
    greatest(covered.first_day, {first}),
    least(covered.last_day, {as_of})
from periods cross join metrics
left join covered on metrics.metric_id = covered.metric_id
where {is_partial}
"""


class Partial(NamedTuple):
    """Figures of parts of periods.

    Attributes:
        time: position of the column that holds the period; None where the days asked for are the period.
        days: first and last day of the data behind a figure, by metric and first day of its period.
    """

    time: int | None
    days: dict[tuple[str, dt.date | None], tuple[dt.date, dt.date]]

    def of(self, metric: str, row: Sequence[Any]) -> tuple[dt.date, dt.date] | None:
        """The days behind a metric's figure in a row of the answer; None when its period is whole."""
        return self.days.get((metric, None if self.time is None else _day(row[self.time])))


def find_partial(engine: Engine, reader: Reader, entry: dict[str, Any]) -> Partial:
    """Find out which figures of an answer are of parts of their periods.

    Args:
        engine: of the warehouse.
        reader: on it.
        entry: the compiled question.

    Raises:
        QueryError: when all days that are asked for lie outside of the data.
    """
    names, (start, end) = [column["name"] for column in entry["columns"]], entry["range"]
    grain, time = entry["grain"], None
    if grain:
        time = names.index(f"metric_time__{grain}")
    elif not (start or end):
        return Partial(None, {})
    places = entry["places"]
    try:
        first, as_of = map(str, reader.ask(SPAN.format(**places)).rows[0])
        if as_of == "None":  # a warehouse without a day
            return Partial(time, {})
        if (start and start > as_of) or (end and end < first):
            raise QueryError(
                f"{start or ''} … {end or ''}: 数据范围之外 outside of the data, which cover {first} … {as_of}"
            )
        until = f"date '{as_of}'"
        asked = RANGE.format(start=start or first, end=end or as_of, as_of=until)
        # written out and not bound, and in pieces (materialized): half the time
        ids = ", ".join(map(literal, entry["metrics"]))
        statement = PARTIAL.format(
            covered=COVERED.format(**places, which=f"needs.metric in ({ids})"),
            asked=", ".join(f"({literal(metric)})" for metric in entry["metrics"]),
            **places,
            materialized=engine.materialized,
            periods=periods(grain, until) if grain else asked,
            first=f"date '{first}'",
            as_of=until,
            is_partial=IS_PARTIAL.format(period="periods", as_of=until),
        )
        rows = reader.ask(statement).rows
    except MissingTableError:  # a warehouse without days: the question itself says what is missing
        return Partial(time, {})
    return Partial(time, {(metric, begins if grain else None): (first, last) for metric, begins, first, last in rows})


def told(
    partial: Partial, columns: Sequence[dict[str, Any]], rows: Sequence[Sequence[Any]], mark: str = ""
) -> list[str]:
    """One line for all figures of an answer that are of parts of periods; none where there are none.

    Args:
        partial: what ``find_partial`` found.
        columns: of the answer.
        rows: of the answer.
        mark: what stands beside such figures; without one the periods are named.
    """
    found: dict[tuple[dt.date, dt.date], dict[str, None]] = {}
    starts = set()
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if value is not None and column["unit"] and (days := partial.of(column["name"], row)):
                found.setdefault(days, {})[column["name"]] = None
                starts.add(None if partial.time is None else _day(row[partial.time]))
    if not found:
        return []
    metrics = {name for names in found.values() for name in names}
    data = "; ".join(
        f"{first} … {last}" + (f" ({', '.join(names)})" if len(found) > 1 and set(names) != metrics else "")
        for (first, last), names in sorted(found.items())
    )
    which = "" if mark or partial.time is None else f" ({', '.join(map(str, sorted(starts)[-3:]))})"
    return [f"{mark}{' ' if mark else ''}期间不完整 a part of the period{which}: 数据 data {data}"]


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) else value
