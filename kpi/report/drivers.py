"""What changed the most, and where: the moves of a period and the parts they are made of.

A move is large when it is large beside how much the metric usually moves from period to period (the median of its
earlier moves, scaled as a standard deviation) and beside the 95 % interval of a proportion: the larger of the two is
the yardstick. Per cent would put small numbers first. A move within its yardstick is none.

Each is split by the dimension that tells the most: little rest, and one group that did more than an even share and
more than its size. Most causes stand in no dimension: a split says where a move is, not why.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from kpi.labels import load_labels
from kpi.report.decompose import CannotDecompose, Cell, Effect, Groups, ratios, sums

if TYPE_CHECKING:
    import duckdb

ALL = "all"
FEWEST = 3  # earlier moves, to say what is usual
OF_A_STAGE = 2  # moves at most: metrics of a stage move together
PARTS = 7  # shown; smaller ones of one kind are put together, which keeps the sum
TELLS_LITTLE = 0.01  # see _told: customers beside a few KOLs say nothing
WITHHELD = Cell(math.nan)  # of few persons, in a published file: there, and of unknown size
MUCH_REST = 0.5  # of the change: then a split says little
ROBUST = 1.4826  # median of absolute deviations to standard deviation, of a normal distribution
REST = {
    True: ("跨组重复计数", "Counted in several groups"),  # persons who are in several groups
    False: ("不在各组之内", "Outside of the groups"),
}


@dataclass(frozen=True)
class Part:
    """One part of a move.

    Attributes:
        name, name_en: of the group or of what several of them do together.
        effect: in the unit of the metric; the parts of a move add up to its change.
        kind: ``level``, ``mix``, ``rate`` or ``rest``.
        before, after: the group's own figure, of ``mix`` its weight; None for what stands for several groups.
    """

    name: str
    name_en: str
    effect: float
    kind: str
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True)
class Move:
    """A change of a metric between a period and the one before.

    Attributes:
        metric_id: the metric.
        before, after, change: undivided, in the unit of the metric.
        size: how many times what is usual.
        dimension: by which it is split, MetricFlow's name; None when it cannot be.
        method: ``sum`` or ``mix_and_rate``; None when it cannot be split.
        parts: they add up to ``change``; empty when it cannot be split.
        why_zh, why_en: how large it is, or why it is not split.
    """

    metric_id: str
    before: float
    after: float
    change: float
    size: float
    dimension: str | None
    method: str | None
    parts: tuple[Part, ...]
    why_zh: str
    why_en: str


@dataclass(frozen=True)
class Row:
    """The columns of ``metrics.metric_values`` that this needs."""

    metric_id: str
    stage: str
    period_start: dt.date
    dimension: str
    dimension_value: str | None
    value: float | None
    numerator: float | None
    denominator: float | None
    ci_low: float | None
    ci_high: float | None
    is_partial: bool
    is_withheld: bool = False


def explain(
    connection: duckdb.DuckDBPyConnection,
    *,
    grain: str,
    period: dt.date,
    dimension: str = ALL,
    value: str = ALL,
    limit: int = 5,
) -> list[Move]:
    """The largest moves from the period before to ``period``, largest first.

    Args:
        connection: with schema ``metrics``.
        grain: ``week``, ``month``, …
        period: first day of the period.
        dimension: whose moves: ``all``, or a dimension together with its ``value``. Only ``all`` can be split further.
        value: value of the dimension.
        limit: moves at most.
    """
    withheld = connection.execute(
        "select count(*) from duckdb_columns() where database_name = current_database() and schema_name = 'metrics' "
        "and table_name = 'metric_values' and column_name = 'withheld'"
    ).fetchone()
    columns = [name for name in Row.__dataclass_fields__ if name != "is_withheld"]
    columns.append("value is null and withheld is not null" if withheld and withheld[0] else "false")
    rows = [
        Row(*found)
        for found in connection.execute(
            f"select {', '.join(columns)} from metrics.metric_values "
            "where grain = $1 and period_start <= $2 "
            "and (dimension = $3 and dimension_value is not distinct from $4 or $3 = 'all')",
            [grain, period, dimension, value],
        ).fetchall()
    ]
    additivity = dict(connection.execute("select metric_id, additivity from metrics.metric_definitions").fetchall())
    return moves(rows, period, additivity, dimension=dimension, value=value, limit=limit)


def moves(
    rows: Iterable[Row],
    period: dt.date,
    additivity: Mapping[str, str],
    *,
    dimension: str = ALL,
    value: str | None = ALL,
    limit: int = 5,
) -> list[Move]:
    """As ``explain``, over rows of one grain up to ``period``."""
    series: dict[str, list[Row]] = defaultdict(list)
    groups: dict[tuple[str, dt.date], dict[str, dict[str | None, Cell]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        if row.dimension == dimension and row.dimension_value == value:
            series[row.metric_id].append(row)
        elif row.dimension != ALL and dimension == ALL:
            cell = WITHHELD if row.is_withheld else Cell(row.value, row.numerator, row.denominator)
            groups[row.metric_id, row.period_start][row.dimension][row.dimension_value] = cell
    sized = []
    for metric, found in series.items():
        history = sorted(found, key=lambda row: row.period_start)
        size = _size(history, period)
        if size is not None and size >= 1:
            sized.append((size, metric, history))
    chosen, taken = [], defaultdict(int)
    for size, metric, history in sorted(sized, key=lambda item: (-item[0], item[1])):
        if len(chosen) < limit and taken[history[-1].stage] < OF_A_STAGE:
            taken[history[-1].stage] += 1
            before, after = history[-2:]
            splits = (groups[metric, before.period_start], groups[metric, after.period_start])
            chosen.append(_move(metric, before, after, size, splits, additivity.get(metric, "")))
    return chosen


def _size(history: list[Row], period: dt.date) -> float | None:
    """How many times the usual the last move is; None when nobody can say."""
    if len(history) < 2 or history[-1].period_start != period:
        return None
    before, after = history[-2:]
    # half a month is less than a whole one
    if before.is_partial or after.is_partial or before.value is None or after.value is None:
        return None
    if (after.period_start - before.period_start).days > _longest(history):
        return None  # a period between them is missing
    known = [row.value for row in history[:-1] if not row.is_partial and row.value is not None]
    earlier = [abs(b - a) for a, b in pairwise(known)]
    yardsticks = [ROBUST * statistics.median(earlier)] if len(earlier) >= FEWEST else []
    halves = [
        (row.ci_high - row.ci_low) / 2 for row in (before, after) if row.ci_low is not None and row.ci_high is not None
    ]
    if len(halves) == 2:
        yardsticks.append(math.hypot(*halves))
    yardstick = max(yardsticks, default=0.0)
    return abs(after.value - before.value) / yardstick if yardstick else None


def _longest(history: list[Row]) -> int:
    """Days from one period to the next, at most, by the shortest step seen: months and quarters vary by 3 days."""
    starts = [row.period_start for row in history]
    shortest = min((b - a).days for a, b in pairwise(starts))
    return {7: 7, 1: 1}.get(shortest, shortest + 3)


def _move(metric: str, before: Row, after: Row, size: float, splits: tuple[dict, dict], additivity: str) -> Move:
    """The move with the split that tells the most."""
    whole = [Cell(row.value, row.numerator, row.denominator) for row in (before, after)]
    change = after.value - before.value
    method, reason = _method(additivity)
    best: tuple[float, str, list[Effect]] | None = None
    reason = reason or ("没有导出按维度的数值", "no split is exported")
    for dimension in sorted({*splits[0], *splits[1]}) if method else ():
        first, second = (_counted(side.get(dimension, {})) for side in splits)
        try:
            effects = (sums if method == "sum" else ratios)(first, second, *whole)
        except CannotDecompose as error:
            reason = (error.zh, error.en)
            continue
        if len({effect.group for effect in effects if effect.kind != "rest"}) < 2:
            continue
        rest = math.fsum(abs(effect.effect) for effect in effects if effect.kind == "rest")
        if not change or rest > MUCH_REST * abs(change):
            reason = ("各组重复计数太多，拆分说明不了变动", "too much is counted in several groups")
            continue
        told = _told(effects) * (1 - rest / abs(change))
        if best is None or told > best[0]:
            best = (told, dimension, effects)
    if best is not None and best[0] < TELLS_LITTLE:
        best, reason = None, ("各组按其大小一起变动，没有哪一组突出", "the groups moved together, each by its size")
    if best is None:
        return Move(
            metric,
            before.value,
            after.value,
            change,
            size,
            None,
            None,
            (),
            f"没有拆分：{reason[0]}",
            f"not split: {reason[1]}",
        )
    parts = _named(best[2], best[1], additivity)
    why = (f"变动为平时的 {size:.1f} 倍", f"{size:.1f} times a usual move")
    return Move(metric, before.value, after.value, change, size, best[1], method, parts, *why)


def _method(additivity: str) -> tuple[str | None, tuple[str, str] | None]:
    """How figures of this additivity are split, or why they are not."""
    if additivity in ("ratio", "weighted"):
        return "mix_and_rate", None
    if additivity.startswith(("add", "semi", "distinct")) and "kind" not in additivity and "age" not in additivity:
        return "sum", None
    return None, ("中位数等不能由各组合成", "medians and the like are not made of those of groups")


def _counted(groups: Groups) -> dict[str | None, Cell]:
    """Groups with anybody in them: a denominator of 0 has no figure, and none is missing."""
    return {group: cell for group, cell in groups.items() if cell.value is not None or cell.denominator}


def _told(effects: list[Effect]) -> float:
    """How much a split tells, 0 to 1: one group did more than an even share, and more than its size.

    Without the second, the split by which nearly everybody is in one group would always win.
    """
    by_group: dict[str | None, float] = defaultdict(float)
    sizes: dict[str | None, float] = defaultdict(float)
    for effect in effects:
        if effect.kind != "rest":
            by_group[effect.group] += effect.effect
        if effect.kind in ("level", "mix"):
            sizes[effect.group] = abs(effect.before or 0.0) + abs(effect.after or 0.0)
    moved, size = math.fsum(abs(value) for value in by_group.values()), math.fsum(sizes.values())
    if not moved or not size:
        return 0.0
    way = math.copysign(1.0, math.fsum(by_group.values()))
    unlike = math.fsum(abs(way * by_group[group] / moved - sizes[group] / size) for group in by_group) / 2
    uneven = max(abs(value) for value in by_group.values()) / moved - 1 / len(by_group)
    return uneven * min(unlike, 1.0)


def _named(effects: list[Effect], dimension: str, additivity: str) -> tuple[Part, ...]:
    """Parts with names: the largest groups, the others together, all mix together, and the rest."""
    names = load_labels().dimensions.get(dimension)
    values = names.values if names else {}
    own = sorted(
        (e for e in effects if e.kind in ("level", "rate") and e.effect), key=lambda e: (-abs(e.effect), e.group or "")
    )
    # one that stands alone among the others keeps its name
    shown, others = (own, []) if len(own) <= PARTS + 1 else (own[:PARTS], own[PARTS:])
    parts = []
    for effect in shown:
        zh, en = ("未知", "Unknown") if effect.group is None else values.get(effect.group, (effect.group, effect.group))
        parts.append(Part(zh, en, effect.effect, effect.kind, effect.before, effect.after))
    if others:
        total = math.fsum(effect.effect for effect in others)
        parts.append(Part(f"其他 {len(others)} 组", f"{len(others)} other groups", total, others[0].kind))
    if mix := [effect.effect for effect in effects if effect.kind == "mix"]:
        parts.append(Part("各组占比变化", "Shift between groups", math.fsum(mix), "mix"))
    for effect in effects:
        if effect.kind == "rest":
            persons = "distinct" in additivity or additivity in ("ratio", "weighted")
            parts.append(Part(*REST[persons], effect.effect, "rest"))
    return tuple(parts)
