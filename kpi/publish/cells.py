"""Which figures of which tables are one cell or add up, and so which of them are withheld.

A file with several tables shows the same cell more than once, and its total in another table. So all tables are one
system. For each input of the metrics (``people``)

* a **cell** is a period and values of dimensions, wherever it stands. Of dimensions that one another tells (the type
  beside the community) one names the cell. Of a stock (a semi-additive metric) the period is the day that counts: the
  last day of a month is the month's own figure;
* **lines** are the values of a dimension and their total; days and their week or month, months and their quarter,
  quarters and their year; and two splits by attributes of the same thing where they meet: the communities of a type
  and the type, a stage and the only community that is in it;
* a cell of few persons is withheld, and what would give it away (``kpi.privacy.equations``).
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from kpi.privacy.disclosure import TOTAL, cube, lines
from kpi.privacy.equations import FEW, Line, complete

GRAINS = ("day", "week", "month", "quarter", "year")
DEAREST = ("year", "quarter", "day", "week", "month")  # the last one is what readers miss most
_PARTS = {"week": ("day",), "month": ("day",), "quarter": ("month", "day"), "year": ("quarter", "month", "day")}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}

Period = tuple[Any, ...]  # (grain, first day); of a stock ("", the day that counts)


@dataclass(frozen=True)
class Split:
    """How figures are cut.

    Attributes:
        grain: of the periods; None without any.
        dimensions: MetricFlow names, sorted; none of them tells another.
    """

    grain: str | None
    dimensions: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What MetricFlow groups by."""
        return (*([f"metric_time__{self.grain}"] if self.grain else []), *self.dimensions)


@dataclass(frozen=True)
class Cell:
    """A figure's place: its period, and a value of each dimension by which it is cut; a total has fewer of them."""

    period: Period
    values: frozenset[tuple[str, Any]]


@dataclass
class Links:
    """Which values of two dimensions of one thing occur together.

    Attributes:
        always: pairs of values by pair of dimensions, whatever the period.
        of_period: the same by period, for attributes that change.
    """

    always: dict[tuple[str, str], set[tuple[Any, Any]]] = field(default_factory=lambda: defaultdict(set))
    of_period: dict[tuple[str, str], dict[Period, set[tuple[Any, Any]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )


def last_day(grain: str, first: datetime.date) -> datetime.date:
    """The last day of a period."""
    if grain in _MONTHS:
        month = first.month - 1 + _MONTHS[grain]
        return datetime.date(first.year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)
    return first + datetime.timedelta(days=6 if grain == "week" else 0)


def place(split: Split, values: Sequence[Any], stock: str | None = None, as_of: datetime.date | None = None) -> Cell:
    """The cell of one row of a split.

    Args:
        split: how it is cut.
        values: of ``split.keys``.
        stock: which day of a period counts: ``max`` the last, ``min`` the first; None: all do.
        as_of: the last day that counts.
    """
    period: Period = ()
    if split.grain:
        first, values = values[0], values[1:]
        period = (split.grain, first)
        if stock == "max" and first is not None:
            end = last_day(split.grain, first)
            period = ("", min(end, as_of) if as_of else end)
        elif stock == "min":
            period = ("", first)
    return Cell(period, frozenset(zip(split.dimensions, values, strict=True)))


def independent(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> tuple[str, ...]:
    """Of columns those that no other one tells, such as a community's type; ``rows`` hold their values.

    Of two that tell each other the later one stays.
    """
    left = list(names)
    for name in names:
        for other in left:
            at, beside = names.index(name), names.index(other)
            pairs = {(row[beside], row[at]) for row in rows}
            if other != name and len(pairs) == len({value for value, _ in pairs}):
                left.remove(name)
                break
    return tuple(sorted(left))


def withheld(
    counts: Mapping[Split, Mapping[tuple, int]],
    links: Links,
    *,
    k: int,
    stock: str | None = None,
    as_of: datetime.date | None = None,
    distinct: bool = False,
) -> dict[Cell, str]:
    """The cells of one input to withhold, with the reason.

    Args:
        counts: by split and values of its keys, the persons behind the input.
        links: see `Links`.
        k: fewest persons behind a figure.
        stock: see `place`.
        as_of: see `place`.
        distinct: the figure is the number of persons itself, of whom each counts once in every cell.
    """
    persons: dict[Cell, int] = {}
    of_split: dict[tuple[Period, tuple[str, ...]], dict[tuple, int]] = defaultdict(dict)
    for split, known in counts.items():
        for values, count in known.items():
            if count:
                cell = place(split, values, stock, as_of)
                persons[cell] = min(count, persons.get(cell, count))
                of_split[cell.period, split.dimensions][tuple(values[bool(split.grain) :])] = count
    equations = dict.fromkeys(_of_dimensions(of_split, persons))
    if stock is None:
        equations |= dict.fromkeys(_of_periods(persons))
    equations |= dict.fromkeys(_of_links(of_split, links))
    if distinct:
        equations = {line: None for line in equations if adds_up(line, persons, k)}

    def cost(cell: Cell) -> tuple[Any, ...]:
        grain = DEAREST.index(cell.period[0]) if cell.period and cell.period[0] in GRAINS else 0
        return -len(cell.values), grain, persons[cell], repr(sorted(cell.values, key=repr)), repr(cell.period)

    # numbers in the order of their cost in place of cells: thousands of them are hashed and compared all the time
    cells = sorted(persons, key=cost)
    number = {cell: at for at, cell in enumerate(cells)}
    found = complete(
        {number[cell]: FEW for cell, count in persons.items() if count < k},
        [Line(tuple(map(number.get, line.parts)), tuple(map(number.get, line.wholes))) for line in equations],
        {number[cell]: count for cell, count in persons.items()},
        k,
        cost=int,
    )
    return {cells[at]: reason for at, reason in found.items()}


def adds_up(line: Line, persons: Mapping[Cell, int], k: int) -> bool:
    """Whether an equation between distinct persons tells anything of fewer than k.

    Who is in several parts counts once in the whole. Where k or more are counted too often, the whole less the shown
    parts is k or more below what is withheld: a bound that is below zero for few.
    """
    return sum(persons[cell] for cell in line.parts) - sum(persons[cell] for cell in line.wholes) < k


def _of_dimensions(
    of_split: Mapping[tuple[Period, tuple[str, ...]], Mapping[tuple, int]], persons: dict[Cell, int]
) -> Iterable[Line]:
    """Values and their totals. A total that stands in no table is taken as shown, with the sum of its parts."""
    for (period, dimensions), known in of_split.items():
        if not dimensions:
            continue
        sizes = cube(known)

        def cell(values: tuple, period: Period = period, dimensions: tuple[str, ...] = dimensions) -> Cell:
            return Cell(
                period, frozenset((n, v) for n, v in zip(dimensions, values, strict=True) if v is not TOTAL)
            )  # fmt: skip

        for values, count in sizes.items():
            persons.setdefault(cell(values), count)
        for line in lines(sizes):
            yield Line(tuple(cell(values) for values in line.parts), tuple(cell(values) for values in line.wholes))


def _of_periods(persons: Mapping[Cell, int]) -> Iterable[Line]:
    """Periods and the longer ones that they make up, of the longest parts that are there."""
    there: dict[tuple[str, frozenset], dict[datetime.date, Cell]] = defaultdict(dict)
    for cell in persons:
        if cell.period and cell.period[0] in GRAINS and cell.period[1] is not None:
            there[cell.period[0], cell.values][cell.period[1]] = cell
    for (grain, values), wholes in there.items():
        shorter = next((part for part in _PARTS.get(grain, ()) if (part, values) in there), None)
        if shorter is None:
            continue
        parts: dict[datetime.date, list[Cell]] = defaultdict(list)
        for first, cell in sorted(there[shorter, values].items()):
            parts[_first_day(grain, first)].append(cell)
        for first, whole in wholes.items():
            if first in parts:
                yield Line(tuple(parts[first]), (whole,))


def _first_day(grain: str, day: datetime.date) -> datetime.date:
    if grain == "week":
        return day - datetime.timedelta(days=day.weekday())
    months = _MONTHS[grain]
    return datetime.date(day.year, (day.month - 1) // months * months + 1, 1)


def _of_links(of_split: Mapping[tuple[Period, tuple[str, ...]], Mapping[tuple, int]], links: Links) -> Iterable[Line]:
    """Two splits of one thing: what hangs together on one side adds up to what hangs together on the other."""
    periods = {period for period, _ in of_split}
    for one, other in {*links.always, *links.of_period}:
        for period in periods:
            here, there = of_split.get((period, (one,)), {}), of_split.get((period, (other,)), {})
            pairs = links.always[one, other] | links.of_period[one, other][period]
            for ours, theirs in meeting(pairs, {value for (value,) in here}, {value for (value,) in there}):
                yield Line(
                    tuple(Cell(period, frozenset([(one, value)])) for value in ours),
                    tuple(Cell(period, frozenset([(other, value)])) for value in theirs),
                )


def meeting(
    pairs: Collection[tuple[Any, Any]], ours: Collection[Any], theirs: Collection[Any]
) -> list[tuple[list[Any], list[Any]]]:
    """The smallest sets of values of two dimensions that occur with none but each other."""
    neighbours: dict[tuple[int, Any], set[tuple[int, Any]]] = defaultdict(set)
    for one, other in pairs:
        if one in ours and other in theirs:
            neighbours[0, one].add((1, other))
            neighbours[1, other].add((0, one))
    found, left = [], set(neighbours)
    while left:
        component, edge = set(), {left.pop()}
        while edge:
            component |= edge
            edge = {near for at in edge for near in neighbours[at]} - component
        left -= component
        sides = [sorted((value for side, value in component if side == wanted), key=repr) for wanted in (0, 1)]
        found.append((sides[0], sides[1]))
    return sorted(found, key=repr)


def pairs_of(dimensions: Iterable[str]) -> list[tuple[str, str]]:
    """Dimensions of one thing (of the same entity), two by two."""
    return [
        (one, other) for one, other in combinations(sorted(set(dimensions)), 2)
        if "__" in one and one.split("__")[0] == other.split("__")[0]
    ]  # fmt: skip
