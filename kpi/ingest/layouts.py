"""Layouts: how original files of an export look, read from the contracts and checked.

``kpi/contracts/README.md`` documents the language. Here are what all kinds share and the layouts of records (JSON and
XML); those of tables are in ``table_layouts.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpi.ingest.paths import EACH, MISSING, Steps, get, is_there, steps
from kpi.ingest.units import UNITS, as_text, in_unit

if TYPE_CHECKING:
    from kpi.contracts import Contract

KINDS = ("table", "json", "xml")
KNOWN_FROM = ("OFF", "SDK", "REAL", "3P", "own")
RECORD_KEYS = (
    "name", "known_from", "kind", "records", "requires", "when", "fields", "constants", "maps", "units", "ignored",
    "prepare", "also", "one_day", "otherwise", "ignore", "reject",
)  # fmt: skip
PREPARED = ("archive_message",)
"""What ``prepare`` may name: see ``kpi.ingest.archive``."""


class LayoutError(ValueError):
    """A layout in a contract that cannot be used; the message names export, layout and what to write."""


def raw_layouts(contracts: Mapping[str, Contract], *kinds: str) -> Iterator[tuple[Contract, Mapping[str, Any]]]:
    """Every layout of these kinds with its contract, in the order of the exports.

    Raises:
        LayoutError: No name, or a kind or ``known_from`` that does not exist.
    """
    for _, contract in sorted(contracts.items()):
        for raw in contract.layouts:
            name = raw.get("name")
            if not name:
                raise LayoutError(f"{contract.export}: a layout has no name")
            if raw.get("kind") not in KINDS:
                raise LayoutError(f"{contract.export}, {name}: kind is {raw.get('kind')!r}, not one of {KINDS}")
            if raw.get("known_from") not in KNOWN_FROM:
                raise LayoutError(f"{contract.export}, {name}: known_from is not one of {KNOWN_FROM}")
            if raw["kind"] in kinds:
                yield contract, raw


def _day(epoch: str) -> int:
    """Day of Asia/Shanghai that epoch seconds lie in."""
    return (int(epoch) + 8 * 3600) // 86_400


Stack = tuple[Any, ...]
"""The record and the elements that the path ``records`` stands at, outermost first."""


@dataclass(frozen=True)
class Place:
    """A path, resolved against the level of the stack that it is nearest to."""

    level: int
    path: Steps

    def of(self, stack: Stack) -> Any:
        """What stands there; MISSING where nothing does."""
        return get(stack[self.level], self.path)


Cell = Callable[[Stack], Any]


@dataclass(frozen=True)
class RecordLayout:
    """How records of JSON or XML become rows of one export.

    Attributes:
        export: The export.
        name: What people call it.
        kind: json or xml.
        requires: Paths from the record that must lead somewhere.
        whole: ``when`` on the record: place and the texts allowed.
        each: ``when`` on the elements that become rows.
        levels: Steps from one level of the stack to the list below it; none when a record is a row.
        cells: One per column of the contract, giving text, or what stands there for a column of persons.
        known: Keys of an element that are used or known; None when any key is.
        prepare: Name of a function that adds what cannot be said in paths.
        also: It applies beside other layouts of its export, not instead of them.
        otherwise: Why a record that fits, but gives no row, is ignored.
        ignore: Why records that fit are ignored.
        reject: (column, reason) for which records that fit are quarantined.
    """

    export: str
    name: str
    kind: str
    requires: tuple[Steps, ...]
    whole: tuple[tuple[Place, frozenset[str]], ...]
    each: tuple[tuple[Place, frozenset[str]], ...]
    levels: tuple[Steps, ...]
    cells: tuple[Cell, ...]
    known: frozenset[str] | None
    prepare: str | None
    also: bool
    otherwise: str
    ignore: str
    reject: tuple[str, str] | None
    required_paths: tuple[str, ...]
    one_day: tuple[Place, Place] | None
    """Times of a request that must lie in one day, because its figures are those of a day."""

    @property
    def fans_out(self) -> bool:
        """Whether a record may become several rows."""
        return bool(self.levels)

    @property
    def label(self) -> str:
        """``export: layout``."""
        return f"{self.export}: {self.name}"

    def recognises(self, record: Any) -> bool:
        """Whether the record has what the layout requires; an empty list has, unless the record is then set aside."""
        may_be_empty = not (self.ignore or self.reject)
        return all(is_there(record, path, may_be_empty) for path in self.requires)

    def wants(self, record: Any) -> bool:
        """Whether a record that is recognised is one of this export."""
        return all(as_text(_or_none(place.of((record,)))) in allowed for place, allowed in self.whole)

    def spans_days(self, record: Any) -> bool:
        """Whether the request asked for more than the one day that its figures can be of."""
        if self.one_day is None:
            return False
        first, last = (as_text(_or_none(place.of((record,)))) for place in self.one_day)
        return first.isdigit() and last.isdigit() and _day(first) != _day(last)

    def stacks(self, record: Any) -> Iterator[Stack]:
        """The elements that become rows, each with what it stands in."""
        for stack in _descend((record,), self.levels):
            if all(as_text(_or_none(place.of(stack))) in allowed for place, allowed in self.each):
                yield stack

    def row(self, stack: Stack) -> list[Any]:
        """The cells of one row."""
        return [cell(stack) for cell in self.cells]

    def unknown(self, element: Any) -> tuple[str, ...]:
        """Keys of an element that the layout does not name."""
        if self.known is None or not isinstance(element, dict):
            return ()
        return tuple(key for key in element if key not in self.known)


def _or_none(value: Any) -> Any:
    return None if value is MISSING else value


def _descend(stack: Stack, levels: tuple[Steps, ...]) -> Iterator[Stack]:
    if not levels:
        yield stack
        return
    elements = get(stack[-1], levels[0])
    for element in elements if isinstance(elements, list) else ():
        yield from _descend((*stack, element), levels[1:])


def record_layouts(contracts: Mapping[str, Contract]) -> list[RecordLayout]:
    """The layouts of records of all contracts.

    Raises:
        LayoutError: Names export, layout and key.
    """
    return [_record_layout(contract, raw) for contract, raw in raw_layouts(contracts, "json", "xml")]


def _record_layout(contract: Contract, raw: Mapping[str, Any]) -> RecordLayout:
    where = f"{contract.export}, {raw['name']}"
    unknown = [key for key in raw if key not in RECORD_KEYS]
    if unknown:
        raise LayoutError(f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(RECORD_KEYS)}")
    if not raw.get("requires"):
        raise LayoutError(f"{where}: requires is empty; name paths that tell such a record from any other")
    _check_columns(where, contract, raw)
    paths = _Paths(where, str(raw.get("records", "")))
    fields = _fields(contract, raw)
    whole, each = _conditions(where, paths, raw.get("when", {}))
    used = [path for given in fields.values() for way in given for path in _paths_of(way)]
    used += [*raw.get("when", {}), *raw["requires"]]
    ignored = list(raw.get("ignored", ()))
    known = frozenset(paths.keys_of_element(used + [path for path in ignored if path != "*"]))
    return RecordLayout(
        export=contract.export,
        name=str(raw["name"]),
        kind=raw["kind"],
        requires=tuple(paths.steps(path) for path in raw["requires"]),
        whole=whole,
        each=each,
        levels=paths.levels,
        cells=tuple(_cell(contract, raw, name, paths, fields.get(name, [])) for name in contract.column_names),
        known=None if "*" in ignored else known,
        prepare=raw.get("prepare"),
        also=bool(raw.get("also")),
        otherwise=str(raw.get("otherwise", "")),
        ignore=str(raw.get("ignore", "")),
        reject=(str(raw["reject"]["column"]), str(raw["reject"]["reason"])) if "reject" in raw else None,
        required_paths=tuple(raw["requires"]),
        one_day=(paths.place(raw["one_day"][0]), paths.place(raw["one_day"][1])) if "one_day" in raw else None,
    )


def _fields(contract: Contract, raw: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Column -> ways to it, of which the first that leads somewhere counts; ``*``: columns are keys themselves."""
    given = raw.get("fields", {})
    if given == "*":
        return {name: [name] for name in contract.column_names}
    return {name: way if isinstance(way, list) else [way] for name, way in given.items()}


def _paths_of(way: Any) -> list[str]:
    """The paths in one way: a path, or those that are joined or added."""
    return [way] if isinstance(way, str) else list(way.get("join") or way.get("sum") or ())


def _check_columns(where: str, contract: Contract, raw: Mapping[str, Any]) -> None:
    for key in ("fields", "constants", "maps", "units"):
        for name in raw.get(key, {}) if raw.get(key) != "*" else ():
            if name not in contract.column_names:
                raise LayoutError(f"{where}: {key}: the export has no column {name}")
    for name, unit in raw.get("units", {}).items():
        if unit not in UNITS or contract.column(name).type not in ("time", "money"):
            raise LayoutError(f"{where}: units: {name}: {unit} is not one of {UNITS}, for times and money only")
    if raw.get("prepare") not in (None, *PREPARED):
        raise LayoutError(f"{where}: prepare is {raw['prepare']}, not one of {PREPARED}")
    if not (raw.get("fields") or raw.get("ignore") or raw.get("reject")):
        raise LayoutError(f"{where}: fields is empty")


class _Paths:
    """Resolves the paths of one layout against its path ``records``.

    A path that begins with a dot begins at the element. ``response.`` may be left out; a record that is a bare reply
    is the response.
    """

    def __init__(self, where: str, records: str) -> None:
        self._where = where
        self._elements: Steps = ()
        self._elements = self.steps(records) if records else ()
        ends = [at + 1 for at, step in enumerate(self._elements) if step is EACH]
        if self._elements and (not ends or ends[-1] != len(self._elements)):
            raise LayoutError(f"{where}: records: {records} does not end in []")
        self._starts = [0, *ends]
        self.levels = tuple(
            self._elements[begin : end - 1] for begin, end in zip(self._starts, self._starts[1:], strict=False)
        )

    def steps(self, path: str) -> Steps:
        """Steps from the record, whose keys are request, response and such."""
        if path.startswith("."):
            return (*self._elements, *self.steps("response" + path)[1:])
        try:
            found = steps(path)
        except ValueError as error:
            raise LayoutError(f"{self._where}: {error}") from error
        return found if found[0] in ("request", "response", "prepared") else ("response", *found)

    def place(self, path: str) -> Place:
        """The innermost level that the path leads through, and the way from there."""
        found = self.steps(path)
        level = max(at for at, end in enumerate(self._starts) if found[:end] == self._elements[:end])
        return Place(level, found[self._starts[level] :])

    def keys_of_element(self, used: list[str]) -> Iterator[str]:
        """First keys, below the element, of paths that lead there."""
        base = self._elements or ("response",)
        for path in used:
            found = self.steps(path)
            if found[: len(base)] == base and len(found) > len(base):
                yield str(found[len(base)])


def _conditions(where: str, paths: _Paths, when: Mapping[str, list[str]]) -> tuple[Any, Any]:
    whole, each = [], []
    for path, allowed in when.items():
        if not isinstance(allowed, list) or not all(isinstance(value, str) for value in allowed):
            raise LayoutError(f"{where}: when: {path}: a list of texts, numbers in quotes")
        place = paths.place(path)
        (each if place.level else whole).append((place, frozenset(allowed)))
    return tuple(whole), tuple(each)


def _cell(contract: Contract, raw: Mapping[str, Any], name: str, paths: _Paths, given: list[str]) -> Cell:
    """A function from stack to the cell of one column."""
    column = contract.column(name)
    if name in raw.get("constants", {}):
        constant = str(raw["constants"][name])
        return lambda stack: constant
    if not given:
        return lambda stack: ""
    found = _first([_way(paths, way) for way in given])
    if column.type == "person":
        return found
    mapping = {str(key): str(value) for key, value in raw.get("maps", {}).get(name, {}).items()}
    unit = raw.get("units", {}).get(name)
    if unit:
        wanted = contract.time_unit if column.type == "time" else contract.money_unit
        return lambda stack: in_unit(as_text(found(stack)), unit, wanted)
    if mapping:
        return lambda stack: mapping.get(text := as_text(found(stack)), text)
    return lambda stack: as_text(found(stack))


def _way(paths: _Paths, way: Any) -> Place | Cell:
    """A path, texts joined (``join``, ``with``) or whole numbers added (``sum``)."""
    if isinstance(way, str):
        return paths.place(way)
    places = [paths.place(path) for path in _paths_of(way)]

    def joined(stack: Stack) -> Any:
        values = [as_text(_or_none(place.of(stack))) for place in places]
        if not all(values):
            return None
        if "join" in way:
            return str(way.get("with", "")).join(values)
        return sum(int(value) for value in values) if all(value.isdigit() for value in values) else None

    return joined


def _first(ways: list[Place | Cell]) -> Cell:
    """What the first way leads to that leads to something."""
    if len(ways) == 1 and isinstance(ways[0], Place) and (short := _short(ways[0])):
        return short
    found_by = [way.of if isinstance(way, Place) else way for way in ways]

    def found(stack: Stack) -> Any:
        for find in found_by:
            value = find(stack)
            if value is not MISSING and value is not None:
                return value
        return None

    return found


def _short(place: Place) -> Cell | None:
    """The same as ``Place.of`` for a key of the element or of the response: most columns, and much faster."""
    level, path = place.level, place.path
    if len(path) == 1 and isinstance(path[0], str):
        key = path[0]

        def of_element(stack: Stack) -> Any:
            element = stack[level]
            return element.get(key) if isinstance(element, dict) else None

        return of_element
    if level == 0 and len(path) == 2 and path[0] in ("response", "prepared") and isinstance(path[1], str):
        part, inner = path
        return lambda stack: stack[0][part].get(inner)
    return None
