"""Which cells of a table of aggregates may be shown: primary and complementary suppression.

A **table** is rows with values of some dimensions, figures, and the number of persons that the figures are about. It is
taken as a cube whose margins are published too: the total over each dimension and over several. Then

1. *few_persons*: a cell with 1 to k-1 persons, or with nobody knows how many, is withheld with all its figures, ratios
   and means included. A cell of nobody shows its zero.
2. *complementary*: further cells, until what is withheld cannot be worked out from what is shown
   (``kpi.privacy.equations``). An equation is the cells that differ in one dimension only, and their total.

Figures are taken to add up, which is the strictest case: totals of ratios and distinct counts tell less. Not covered:
differences of two tables with nearly the same filter, and bounds (a cell is at most its total).

After Hundepool and others, *Statistical Disclosure Control* (Wiley 2012), chapter 4, there with costs minimised by
integer programming; here greedy, which may withhold a few cells more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kpi.privacy.equations import COMPLEMENTARY, FEW, Line, complete

__all__ = ["ALL", "COMPLEMENTARY", "FEW", "TOTAL", "K", "Withheld", "choose", "cube", "lines", "withhold"]

K = 5
ALL = "*"  # in place of a dimension's value: the total over it

Cell = tuple[Any, ...]


class _All:
    """The total over a dimension; an object of its own, as a dimension may have any value."""

    def __repr__(self) -> str:
        return ALL


TOTAL = _All()


@dataclass(frozen=True)
class Withheld:
    """A table that may be shown.

    Attributes:
        rows: the rows in their order; figures are None where withheld, and ``withheld`` says why (None: shown).
        totals: totals that must not be shown either, by dimension; ``*`` stands for the total over a dimension.
    """

    rows: list[dict[str, Any]]
    totals: list[dict[str, Any]]


def withhold(
    rows: Iterable[Mapping[str, Any]],
    dimensions: Sequence[str],
    values: Sequence[str],
    persons: str = "persons",
    *,
    apart: Sequence[str] = (),
    k: int = K,
) -> Withheld:
    """Withhold what would tell about fewer than ``k`` persons.

    Args:
        rows: one for each combination of dimensions; combinations that are missing count as nobody.
        dimensions: columns over which totals are published.
        values: columns with figures.
        persons: column with the number of distinct persons behind a row; None where nobody knows.
        apart: further dimensions over which nothing is totalled, such as the period: each is a table of its own.
        k: fewest persons that a shown cell has.

    Raises:
        ValueError: for two rows of one combination, or a negative number of persons.
    """
    given = [dict(row) for row in rows]
    tables: dict[Cell, list[dict[str, Any]]] = defaultdict(list)
    for row in given:
        tables[tuple(row[name] for name in apart)].append(row)
    totals = []
    for place, table in tables.items():
        counts: dict[Cell, int | None] = {}
        for row in table:
            cell = tuple(row[name] for name in dimensions)
            if cell in counts:
                raise ValueError(f"two rows of {cell}")
            if row[persons] is not None and row[persons] < 0:
                raise ValueError(f"{cell}: {row[persons]} persons")
            counts[cell] = row[persons]
        reasons = choose(counts, k)
        for row in table:
            row["withheld"] = reasons.pop(tuple(row[name] for name in dimensions), None)
            if row["withheld"]:
                row.update(dict.fromkeys((*values, persons)))
        at = dict(zip(apart, place, strict=True))
        totals += [at | {n: ALL if v is TOTAL else v for n, v in zip(dimensions, c, strict=True)} for c in reasons]
    return Withheld(given, totals)


def choose(counts: Mapping[Cell, int | None], k: int = K) -> dict[Cell, str]:
    """The cells to withhold, with the reason; totals have ``TOTAL`` in place of values."""
    sizes = cube(counts)
    reasons = {cell: FEW for cell, count in counts.items() if count is None or 0 < count < k}
    unknown = {cell for cell, count in counts.items() if count is None}
    # a total has at least k persons, or its few persons are withheld in its cells already
    reasons |= {cell: FEW for cell, count in sizes.items() if cell not in counts and 0 < count < k}

    def cost(cell: Cell) -> tuple[int, int, str]:
        return sum(value is TOTAL for value in cell), sizes[cell], repr(cell)  # totals are the dearest

    return complete(reasons, lines(sizes), sizes, k, unknown=unknown, cost=cost)


def cube(counts: Mapping[Cell, int | None]) -> dict[Cell, int]:
    """Persons of all cells and totals that are not empty; a cell that nobody knows counts as one person."""
    sizes: dict[Cell, int] = defaultdict(int)
    for cell, count in counts.items():
        size = 1 if count is None else count
        if size:
            for chosen in range(2 ** len(cell)):
                sizes[tuple(TOTAL if chosen >> i & 1 else value for i, value in enumerate(cell))] += size
    return dict(sizes)


def lines(cells: Iterable[Cell]) -> list[Line]:
    """The equations of a cube: cells that differ in one dimension, and their total."""
    found: dict[tuple[int, Cell], list[Cell]] = defaultdict(list)
    for cell in cells:
        for i, value in enumerate(cell):
            if value is not TOTAL:
                found[i, (*cell[:i], TOTAL, *cell[i + 1 :])].append(cell)
    return [Line(tuple(parts), (total,)) for (_, total), parts in found.items()]
