"""What a report is about: period, community or campaign, and the figures of it."""

from __future__ import annotations

import datetime as dt
import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kpi.report import figures
from kpi.report.source import Figure, Metrics, ReportError
from kpi.report.texts import Text, same

COMMUNITY = "community__community_name"


@dataclass(frozen=True)
class Period:
    """A week or month.

    Attributes:
        grain: ``week`` or ``month``.
        start: first day.
        end: last day of the calendar.
        as_of: last complete day of the data.
    """

    grain: str
    start: dt.date
    end: dt.date
    as_of: dt.date

    @property
    def is_partial(self) -> bool:
        """Whether days of it are still to come."""
        return self.end > self.as_of

    @property
    def known_until(self) -> dt.date:
        """Its last day that counts."""
        return min(self.end, self.as_of)

    @property
    def previous(self) -> dt.date:
        """First day of the period before."""
        return begin(self.start - dt.timedelta(days=1), self.grain)

    @property
    def name(self) -> Text:
        """As in a title."""
        if self.grain == "month":
            return figures.month(self.start)
        year, week, _ = self.start.isocalendar()
        return Text(f"{year} 年第 {week} 周", f"Week {week}, {year}")

    @property
    def days(self) -> Text:
        """From which day to which."""
        first, last = figures.day(self.start), figures.short_day(self.known_until)
        return Text(f"{first.zh}至 {last.zh}", f"{first.en} to {last.en}")


def begin(day: dt.date, grain: str) -> dt.date:
    """First day of the week (Monday) or month of a day."""
    return day - dt.timedelta(days=day.weekday()) if grain == "week" else day.replace(day=1)


def finish(start: dt.date, grain: str) -> dt.date:
    """Last day of the week or month that begins on ``start``."""
    if grain == "week":
        return start + dt.timedelta(days=6)
    return (start + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)


def choose_period(metrics: Metrics, grain: str, on: dt.date | None) -> Period:
    """The period of a day, or the last complete one.

    Raises:
        ReportError: when nothing was exported for it.
    """
    starts = sorted({row.period_start for row in metrics.figures(grain)})
    if not starts:
        raise ReportError(f"metrics.metric_values has no period of grain {grain}. Run `kpi export` again.")
    as_of = metrics.as_of
    if on is None:
        complete = [start for start in starts if finish(start, grain) <= as_of]
        start = complete[-1] if complete else starts[-1]
    else:
        start = begin(on, grain)
        if start not in starts or on > as_of:
            raise ReportError(f"--on {on}: the data covers {starts[0]} to {as_of} 数据范围 {starts[0]} 至 {as_of}.")
    return Period(grain, start, finish(start, grain), as_of)


def nearest(name: str, known: list[str], option: str) -> str:
    """``name`` if it is known.

    Raises:
        ReportError: naming the nearest ones otherwise.
    """
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or known[:5]
    listed = "、".join(near) or "none 无"
    raise ReportError(f"{option} {name!r}: not known 没有此名称. Nearest 相近: {listed}.")


@dataclass(frozen=True)
class Context:
    """All that a section needs.

    Attributes:
        metrics: exported tables.
        period: what is reported.
        community: name of the one community, or None for all.
        campaign: name of the one campaign, or None.
    """

    metrics: Metrics
    period: Period
    community: str | None = None
    campaign: str | None = None

    @property
    def dimension(self) -> str:
        """Dimension of the long table that the report is about."""
        return COMMUNITY if self.community else "all"

    @property
    def member(self) -> str:
        """Value of that dimension."""
        return self.community or "all"

    @cached_property
    def series(self) -> dict[str, list[Figure]]:
        """Figures of the scope up to the period, by metric, in time."""
        found: dict[str, list[Figure]] = {}
        for row in self.metrics.figures(self.period.grain, self.dimension, self.member):
            if row.period_start <= self.period.start:
                found.setdefault(row.metric_id, []).append(row)
        return found

    @cached_property
    def now(self) -> dict[str, Figure]:
        """Figures of the period, by metric."""
        return {metric: rows[-1] for metric, rows in self.series.items() if rows[-1].period_start == self.period.start}

    def label(self, metric: str) -> Text:
        """Name of a metric."""
        row = self.metrics.definitions.get(metric)
        if row is None:
            return same(metric)
        return Text(row["label"], row.get("label_en") or row["label"])

    def unit(self, metric: str) -> str | None:
        """Unit of a metric."""
        row = self.metrics.definitions.get(metric)
        return row["unit"] if row else None

    def show(self, value: float | None, metric: str) -> Text:
        """A value of a metric, formatted."""
        return figures.show(value, self.unit(metric))

    @property
    def time(self) -> str:
        """Column of the period in a saved query."""
        return f"metric_time__{self.period.grain}"

    def saved(self, name: str, *, weekly: bool = True) -> list[dict[str, Any]] | None:
        """Rows of a saved query in the form for this report (by week, of the community), or None if not exported."""
        table = name
        if self.period.grain == "week" and weekly:
            table += "_by_week"
        if self.community:
            table += "_by_community"
        if not self.metrics.has(table):
            return None
        rows = self.metrics.rows(table)
        return [row for row in rows if row[COMMUNITY] == self.community] if self.community else rows

    def at(self, rows: list[dict[str, Any]], start: dt.date | None = None) -> list[dict[str, Any]]:
        """Rows of the period, or of the one that begins on ``start``."""
        return [row for row in rows if row[self.time] == (start or self.period.start)]
