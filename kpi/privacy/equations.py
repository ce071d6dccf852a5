"""What follows from what is shown: complementary suppression over any published cells that add up to one another.

The caller says which cells there are, with the persons behind each, and which add up: a `Line` is an equation between
cells, the values of a dimension and their total, the days of a week and the week, the communities of a type and the
type. Then cells are withheld besides those that must be, until

* no withheld cell follows from all equations together: it is in danger when every solution of the homogeneous system
  (the null space, over the withheld cells alone) is zero in it. That is exact, not a rule of thumb; it finds chains
  over several lines that a look at single ones does not;
* the withheld cells of a line have k persons together, as their sum is known from what is shown of it.

Of the shown cells in a line of an endangered one (a line where it is alone, if there is one) the cheapest is withheld,
a cell of nobody never: everybody knows it is zero. Then all is asked again. It ends, and safely: were all cells with
persons withheld, the true figures would be a solution that is zero nowhere.

The null space is found by elimination modulo a prime: exact (a wrong answer needs a determinant that the prime happens
to divide), without a tolerance, and quick, since a line touches few of the withheld cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

FEW = "few_persons"
COMPLEMENTARY = "complementary"
_PRIME = 2**61 - 1

Cell = Hashable


@dataclass(frozen=True)
class Line:
    """Cells that add up to the same as other cells: parts to one whole, or to several where two splits meet."""

    parts: tuple[Cell, ...]
    wholes: tuple[Cell, ...]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells of the equation."""
        return self.parts + self.wholes


def complete(
    reasons: Mapping[Cell, str],
    lines: Sequence[Line],
    persons: Mapping[Cell, int],
    k: int,
    *,
    unknown: Collection[Cell] = (),
    cost: Callable[[Cell], Any] = repr,
) -> dict[Cell, str]:
    """The cells to withhold with their reasons, so that none follows from those that are shown.

    Args:
        reasons: the cells that must be withheld.
        lines: the equations, over cells with persons only.
        persons: distinct persons behind each cell.
        k: fewest persons behind what is shown, sums of withheld cells included.
        unknown: withheld cells of which nobody knows the persons.
        cost: what withholding a cell costs the reader; the cheapest goes first, the same choice every time.
    """
    reasons = dict(reasons)
    of_cell: dict[Cell, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        for cell in line.cells:
            of_cell[cell].append(number)
    while True:
        endangered = _determined(reasons, lines, of_cell) | _too_few_together(
            reasons, lines, of_cell, persons, k, unknown
        )
        added = {found for cell in endangered if (found := _second(cell, reasons, lines, of_cell, cost)) is not None}
        if not added:
            return reasons
        reasons |= dict.fromkeys(added, COMPLEMENTARY)


def _second(
    cell: Cell,
    reasons: Mapping[Cell, str],
    lines: Sequence[Line],
    of_cell: Mapping[Cell, list[int]],
    cost: Callable[[Cell], Any],
) -> Cell | None:
    """The shown cell to withhold for an endangered one: in a line of its own, else of those it hangs together with."""
    component, edge, seen = {cell}, {cell}, set()
    alone = [line for line in (lines[n] for n in of_cell[cell]) if sum(other in reasons for other in line.cells) == 1]
    if shown := [other for line in alone for other in line.cells if other not in reasons]:
        return min(shown, key=cost)
    while edge:
        seen |= (new := {number for at in edge for number in of_cell[at]} - seen)
        near = {other for number in new for other in lines[number].cells}
        if shown := [other for other in near if other not in reasons]:
            return min(shown, key=cost)
        edge = near - component
        component |= edge
    return None


def _too_few_together(
    reasons: Mapping[Cell, str],
    lines: Sequence[Line],
    of_cell: Mapping[Cell, list[int]],
    persons: Mapping[Cell, int],
    k: int,
    unknown: Collection[Cell],
) -> set[Cell]:
    """One withheld cell of each line of which the withheld cells of one side have fewer than k persons together."""
    found = set()
    for number in {number for cell in reasons for number in of_cell[cell]}:
        for side, other in ((lines[number].parts, lines[number].wholes), (lines[number].wholes, lines[number].parts)):
            withheld = [cell for cell in side if cell in reasons]
            known = not any(cell in reasons for cell in other)
            if withheld and known and sum(persons[c] for c in withheld if c not in unknown) < k:
                found.add(min(withheld, key=lambda c: (persons[c], repr(c))))
    return found


def _determined(reasons: Mapping[Cell, str], lines: Sequence[Line], of_cell: Mapping[Cell, list[int]]) -> set[Cell]:
    """Withheld cells that follow from the equations."""
    left, found = set(reasons), set()
    while left:
        component, edge, equations = set(), {left.pop()}, set()
        while edge:
            component |= edge
            equations |= (new := {number for cell in edge for number in of_cell[cell]} - equations)
            edge = {cell for number in new for cell in lines[number].cells if cell in reasons} - component
        left -= component
        if equations:
            found |= fixed(component, [lines[number] for number in sorted(equations)])
    return found


def fixed(cells: Collection[Cell], lines: Sequence[Line]) -> set[Cell]:
    """Of withheld cells those in which every solution of the homogeneous equations is zero."""
    rows = []
    for line in lines:
        row: dict[Cell, int] = defaultdict(int)
        for cell in line.parts:
            row[cell] += 1
        for cell in line.wholes:
            row[cell] -= 1
        rows.append({cell: value for cell, value in row.items() if value and cell in cells})
    solved: dict[Cell, dict[Cell, int]] = {}  # by pivot, the rest of its equation, in which no pivot occurs
    uses: dict[Cell, set[Cell]] = defaultdict(set)  # by free cell, the pivots in whose rest it occurs
    for row in sorted(rows, key=len):
        for pivot in [cell for cell in row if cell in solved]:
            _add(row, solved[pivot], row.pop(pivot))
        if not row:
            continue
        pivot = min(row, key=lambda cell: len(uses[cell]))  # little to put it into
        inverse = pow(row.pop(pivot), -1, _PRIME)
        rest = {cell: value * -inverse % _PRIME for cell, value in row.items()}
        for user in uses.pop(pivot, ()):
            before = solved[user]
            _add(before, rest, before.pop(pivot))
            for cell in rest:
                (uses[cell].add if cell in before else uses[cell].discard)(user)
        for cell in rest:
            uses[cell].add(pivot)
        solved[pivot] = rest
    return {pivot for pivot, rest in solved.items() if not rest}


def _add(row: dict[Cell, int], rest: Mapping[Cell, int], factor: int) -> None:
    """Add so many times the rest to a row; what becomes zero leaves it."""
    for cell, value in rest.items():
        if total := (row.get(cell, 0) + factor * value) % _PRIME:
            row[cell] = total
        else:
            row.pop(cell, None)
