"""Paths of a layout against its path ``records``, and the functions that give the cells of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpi.ingest.paths import EACH, MISSING, Steps, get, steps
from kpi.ingest.units import as_text, in_unit

if TYPE_CHECKING:
    from kpi.contracts import Contract

ROOTS = ("request", "response", "prepared")

Stack = tuple[Any, ...]
"""The record as a recorded call, and the elements that the path ``records`` stands at, outermost first."""
Cell = Callable[[Stack], Any]


class LayoutError(ValueError):
    """A layout in a contract that cannot be used; the message names export, layout and what to write."""


@dataclass(frozen=True)
class Place:
    """A path, resolved against the level of the stack that it is nearest to."""

    level: int
    path: Steps

    def of(self, stack: Stack) -> Any:
        """What stands there; MISSING where nothing does."""
        return get(stack[self.level], self.path)

    def text_of(self, stack: Stack) -> str:
        """The text of what stands there; blank where nothing does."""
        value = self.of(stack)
        return "" if value is MISSING else as_text(value)


class Paths:
    """Resolves the paths of one layout against its path ``records``.

    A path that begins with a dot begins at the element. ``response.`` may be left out; a record that is a bare reply
    is the response.

    Attributes:
        levels: Steps from one level of the stack to the list below it; none when a record is a row.
    """

    def __init__(self, where: str, records: str) -> None:
        self._where = where
        self._elements: Steps = ()
        self._elements = self.steps(records) if records else ()
        ends = [at + 1 for at, step in enumerate(self._elements) if step is EACH]
        if self._elements and (not ends or ends[-1] != len(self._elements)):
            raise LayoutError(f"{where}: records: {records} does not end in []")
        self._starts = [0, *ends]
        spans = zip(self._starts, self._starts[1:], strict=False)
        self.levels = tuple(self._elements[begin : end - 1] for begin, end in spans)

    def steps(self, path: str) -> Steps:
        """Steps from the recorded call, whose keys are request, response and such."""
        if path.startswith("."):
            return (*self._elements, *self.steps("response" + path)[1:])
        try:
            found = steps(path)
        except ValueError as error:
            raise LayoutError(f"{self._where}: {error}") from error
        return found if found[0] in ROOTS else ("response", *found)

    def place(self, path: str) -> Place:
        """The innermost level that the path leads through, and the way from there."""
        found = self.steps(path)
        level = max(at for at, end in enumerate(self._starts) if found[:end] == self._elements[:end])
        return Place(level, found[self._starts[level] :])

    def keys_of_element(self, used: Sequence[str]) -> Iterator[str]:
        """First keys, below the element, of paths that lead there."""
        base = self._elements or ("response",)
        for path in used:
            found = self.steps(path)
            if found[: len(base)] == base and len(found) > len(base):
                yield str(found[len(base)])


@dataclass(frozen=True)
class Plan:
    """How to fill the cells of a row, in the order of the columns.

    Most cells are one key of the response or of the element. Those are read without a call each, because messages
    come by the million.

    Attributes:
        ways: Per column (0 response, 1 prepared, 2 element; its key; None), or (3, "", the function that gives it).
        persons: Per column whether its value stays as it is, to be made a key later.
    """

    ways: tuple[tuple[int, str, Cell | None], ...]
    persons: tuple[bool, ...]

    def row(self, stack: Stack) -> list[Any]:
        """The cells: texts, and for persons whatever stands in the record."""
        call = stack[0]
        element = stack[-1]
        sources = (call["response"], call.get("prepared"), element if isinstance(element, dict) else {})
        found: list[Any] = []
        for (source, key, cell), is_person in zip(self.ways, self.persons, strict=True):
            value = sources[source].get(key) if cell is None else cell(stack)  # type: ignore[union-attr]
            if value is None:
                value = ""
            elif type(value) is not str and not is_person:
                value = as_text(value)
            found.append(value)
        return found


def plan(contract: Contract, raw: Mapping[str, Any], paths: Paths, fields: Mapping[str, list[Any]]) -> Plan:
    """The plan of one layout.

    Args:
        contract: Of its export.
        raw: The layout.
        paths: Its paths.
        fields: Column -> ways to it, of which the first that leads somewhere counts.
    """
    ways = tuple(_way_of(contract, raw, name, paths, fields.get(name, [])) for name in contract.column_names)
    return Plan(ways, tuple(column.is_personal for column in contract.columns))


def paths_in(way: Any) -> list[str]:
    """The paths in one way to a value: a path, or those that are joined or added."""
    return [way] if isinstance(way, str) else list(way.get("join") or way.get("sum") or ())


def _way_of(
    contract: Contract, raw: Mapping[str, Any], name: str, paths: Paths, given: list[Any]
) -> tuple[int, str, Cell | None]:
    if name in raw.get("constants", {}):
        constant = str(raw["constants"][name])
        return 3, "", lambda stack: constant
    if not given:
        return 3, "", lambda stack: ""
    mapping = {str(key): str(value) for key, value in raw.get("maps", {}).get(name, {}).items()}
    unit = raw.get("units", {}).get(name)
    if len(given) == 1 and isinstance(given[0], str) and not mapping and not unit:
        place = paths.place(given[0])
        short = _short(place, len(paths.levels))
        return (*short, None) if short else (3, "", _first([place]))
    found = _first([_way(paths, way) for way in given])
    if unit:
        wanted = contract.time_unit if contract.column(name).type == "time" else contract.money_unit
        return 3, "", lambda stack: in_unit(as_text(found(stack)), unit, wanted)
    if mapping:
        return 3, "", lambda stack: mapping.get(text := as_text(found(stack)), text)
    return 3, "", found


def _short(place: Place, innermost: int) -> tuple[int, str] | None:
    """Source and key where a path is one key of the element, of the response or of what is prepared."""
    path = place.path
    if place.level and place.level == innermost and len(path) == 1 and isinstance(path[0], str):
        return 2, path[0]
    if place.level == 0 and len(path) == 2 and path[0] in ("response", "prepared") and isinstance(path[1], str):
        return ("response", "prepared").index(path[0]), path[1]
    return None


def _way(paths: Paths, way: Any) -> Place | Cell:
    """A path, texts joined (``join``, ``with``) or whole numbers added (``sum``)."""
    if isinstance(way, str):
        return paths.place(way)
    places = [paths.place(path) for path in paths_in(way)]

    def joined(stack: Stack) -> Any:
        values = [place.text_of(stack) for place in places]
        if not all(values):
            return None
        if "join" in way:
            return str(way.get("with", "")).join(values)
        return sum(int(value) for value in values) if all(value.isdecimal() for value in values) else None

    return joined


def _first(ways: list[Place | Cell]) -> Cell:
    """What the first way leads to that leads to something."""
    found_by = [way.of if isinstance(way, Place) else way for way in ways]

    def found(stack: Stack) -> Any:
        for find in found_by:
            value = find(stack)
            if value is not MISSING and value is not None:
                return value
        return None

    return found
