"""Which cells of a table of aggregates may be shown: primary and complementary suppression.

A **table** is rows with values of some dimensions, figures, and the number of persons that the figures are about. It is
taken as a cube whose margins are published too: the total over each dimension and over several. Then

1. *few_persons*: a cell with 1 to k-1 persons, or with nobody knows how many, is withheld with all its figures, ratios
   and means included. A cell of nobody shows its zero.
2. *complementary*: further cells, until what is withheld cannot be worked out from what is shown. A **line** is the
   cells that differ in one dimension only, and their total. Each line is an equation: its cells add up to its total.

   * A withheld cell must not follow from all equations together: it is in danger when every solution of the homogeneous
     system (the null space, over the withheld cells alone) is zero in it. That is exact, not a rule of thumb; it finds
     chains over several rows and columns that a look at single lines does not.
   * The withheld cells of a line must have k persons together, as their sum is known from its total.

   Of the shown cells in a line of an endangered cell (a line where it is alone, if there is one) that with the fewest
   persons is withheld, totals last, a cell of nobody never: everybody knows it is zero. Then all is asked again. It
   ends, and safely: were all cells with persons withheld, the true figures would be a solution that is zero nowhere.

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

import numpy as np

K = 5
ALL = "*"  # in place of a dimension's value: the total over it
FEW = "few_persons"
COMPLEMENTARY = "complementary"

Cell = tuple[Any, ...]


class _All:
    """The total over a dimension; an object of its own, as a dimension may have any value."""

    def __repr__(self) -> str:
        return ALL


_TOTAL = _All()


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
        totals += [at | {n: ALL if v is _TOTAL else v for n, v in zip(dimensions, c, strict=True)} for c in reasons]
    return Withheld(given, totals)


def choose(counts: Mapping[Cell, int | None], k: int = K) -> dict[Cell, str]:
    """The cells to withhold, with the reason; totals have ``_TOTAL`` in place of values."""
    cube = _cube(counts)
    reasons = {cell: FEW for cell, count in counts.items() if count is None or 0 < count < k}
    unknown = {cell for cell, count in counts.items() if count is None}
    # a total has at least k persons, or its few persons are withheld in its cells already
    reasons |= {cell: FEW for cell, count in cube.items() if cell not in counts and 0 < count < k}
    lines = _lines(cube)
    of_cell: dict[Cell, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        for cell in line:
            of_cell[cell].append(number)
    while True:
        endangered = _determined(reasons, lines, of_cell) | _too_few_together(reasons, lines, cube, k, unknown)
        added = {found for cell in endangered if (found := _second(cell, reasons, lines, of_cell, cube))}
        if not added:
            return reasons
        reasons |= dict.fromkeys(added, COMPLEMENTARY)


def _cube(counts: Mapping[Cell, int | None]) -> dict[Cell, int]:
    """Persons of all cells and totals that are not empty; a cell that nobody knows counts as one person."""
    cube: dict[Cell, int] = defaultdict(int)
    for cell, count in counts.items():
        size = 1 if count is None else count
        if size:
            for chosen in range(2 ** len(cell)):
                cube[tuple(_TOTAL if chosen >> i & 1 else value for i, value in enumerate(cell))] += size
    return dict(cube)


def _lines(cube: Iterable[Cell]) -> list[list[Cell]]:
    """The equations: cells that differ in one dimension, their total last."""
    lines: dict[tuple[int, Cell], list[Cell]] = defaultdict(list)
    for cell in cube:
        for i, value in enumerate(cell):
            if value is not _TOTAL:
                lines[i, (*cell[:i], _TOTAL, *cell[i + 1 :])].append(cell)
    return [[*cells, total] for (_, total), cells in lines.items()]


def _second(
    cell: Cell,
    reasons: Mapping[Cell, str],
    lines: Sequence[list[Cell]],
    of_cell: Mapping[Cell, list[int]],
    cube: Mapping[Cell, int],
) -> Cell | None:
    """The shown cell to withhold for an endangered one: in a line of its own, else of those it hangs together with."""
    component, edge = {cell}, {cell}
    alone = [line for line in (lines[n] for n in of_cell[cell]) if sum(other in reasons for other in line) == 1]
    if shown := [other for line in alone for other in line if other not in reasons]:
        return min(shown, key=lambda c: _dearness(c, cube))
    while edge:
        near = {other for at in edge for number in of_cell[at] for other in lines[number]}
        shown = [other for other in near if other not in reasons]
        if shown:
            return min(shown, key=lambda c: _dearness(c, cube))
        edge = near - component
        component |= edge
    return None


def _dearness(cell: Cell, cube: Mapping[Cell, int]) -> tuple[int, int, str]:
    """What withholding a cell costs the reader: totals most, then cells of many; the same choice every time."""
    return sum(value is _TOTAL for value in cell), cube[cell], repr(cell)


def _too_few_together(
    reasons: Mapping[Cell, str], lines: Sequence[list[Cell]], cube: Mapping[Cell, int], k: int, unknown: set[Cell]
) -> set[Cell]:
    """One withheld cell of each line whose withheld cells have fewer than k persons together."""
    found = set()
    for *cells, total in lines:
        withheld = [cell for cell in cells if cell in reasons]
        if withheld and total not in reasons and sum(cube[c] for c in withheld if c not in unknown) < k:
            found.add(min(withheld, key=lambda c: (cube[c], repr(c))))
    return found


def _determined(
    reasons: Mapping[Cell, str], lines: Sequence[list[Cell]], of_cell: Mapping[Cell, list[int]]
) -> set[Cell]:
    """Withheld cells that follow from the equations."""
    left, found = set(reasons), set()
    while left:
        component, edge, equations = set(), {left.pop()}, set()
        while edge:
            component |= edge
            equations |= (new := {number for cell in edge for number in of_cell[cell]} - equations)
            edge = {cell for number in new for cell in lines[number] if cell in reasons} - component
        left -= component
        found |= _fixed(sorted(component, key=repr), [lines[number] for number in sorted(equations)])
    return found


def _fixed(cells: list[Cell], lines: list[list[Cell]]) -> set[Cell]:
    """Cells in which every solution of the homogeneous equations is zero."""
    column = {cell: at for at, cell in enumerate(cells)}
    system = np.zeros((max(len(lines), len(cells)), len(cells)))  # no fewer rows, so that all directions come back
    for row, (*parts, total) in enumerate(lines):
        for cell in parts:
            if cell in column:
                system[row, column[cell]] = 1
        if total in column:
            system[row, column[total]] = -1
    _, strength, directions = np.linalg.svd(system)
    free = directions[strength < 1e-9]
    return {cell for cell, at in column.items() if not free.size or np.abs(free[:, at]).max() < 1e-7}
