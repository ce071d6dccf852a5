"""Layouts: how original files of an export look, read from the contracts and checked.

``kpi/contracts/README.md`` documents the language. Here are what all kinds share and the layouts of records (JSON and
XML); those of tables are in ``table_layouts.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kpi.ingest.layout_cells import LayoutError, Paths, Place, Plan, Stack, paths_in, plan
from kpi.ingest.paths import Steps, get, is_there
from kpi.ingest.rows import named
from kpi.ingest.units import UNITS

if TYPE_CHECKING:
    from kpi.contracts import Contract

KINDS = ("table", "json", "xml")
KNOWN_FROM = ("OFF", "SDK", "REAL", "3P", "own")
RECORD_KEYS = (
    "name", "known_from", "kind", "records", "requires", "when", "fields", "constants", "maps", "units", "ignored",
    "prepare", "also", "one_day", "otherwise", "ignore", "reject",
)  # fmt: skip
__all__ = ["LayoutError", "RecordLayout", "raw_layouts", "record_layouts"]
PREPARED = ("archive_message",)
"""What ``prepare`` may name: see ``kpi.ingest.archive``."""


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
        plan: Gives the cells of a row.
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
    plan: Plan
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

    @cached_property
    def label(self) -> str:
        """``export: layout``."""
        return f"{self.export}: {self.name}"

    @cached_property
    def deep(self) -> tuple[Steps, ...]:
        """Required paths that the first keys of a record do not settle."""
        return tuple(path for path in self.requires if len(path) != 2)

    def recognises(self, record: Any) -> bool:
        """Whether a record with the right first keys has all that the layout requires.

        An empty list has what is required of its elements, unless records of this layout are set aside.
        """
        may_be_empty = not (self.ignore or self.reject)
        return all(is_there(record, path, may_be_empty) for path in self.deep)

    def wants(self, record: Any) -> bool:
        """Whether a record that is recognised is one of this export."""
        return not self.whole or all(place.text_of((record,)) in allowed for place, allowed in self.whole)

    def passes_over(self, record: Any) -> bool:
        """Whether a record that is recognised holds something, and ``when`` keeps it out."""
        return not self.wants(record) or any(True for _ in _descend((record,), self.levels))

    def spans_days(self, record: Any) -> bool:
        """Whether the request asked for more than the one day that its figures can be of."""
        if self.one_day is None:
            return False
        first, last = (place.text_of((record,)) for place in self.one_day)
        return first.isdigit() and last.isdigit() and _day(first) != _day(last)

    def stacks(self, record: Any) -> Iterator[Stack]:
        """The elements that become rows, each with what it stands in."""
        if not self.levels:
            yield (record,)
            return
        for stack in _descend((record,), self.levels):
            if all(place.text_of(stack) in allowed for place, allowed in self.each):
                yield stack

    def row(self, stack: Stack) -> list[Any]:
        """The cells of one row."""
        return self.plan.row(stack)

    def unknown(self, element: Any) -> tuple[str, ...]:
        """Keys of an element that the layout does not name; hidden where they may be values."""
        if self.known is None or not isinstance(element, dict):
            return ()
        return tuple(dict.fromkeys(named(key) for key in element if key not in self.known))


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
    paths = Paths(where, str(raw.get("records", "")))
    fields = _fields(contract, raw)
    whole, each = _conditions(where, paths, raw.get("when", {}))
    used = [path for given in fields.values() for way in given for path in paths_in(way)]
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
        plan=plan(contract, raw, paths, fields),
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


def _conditions(where: str, paths: Paths, when: Mapping[str, list[str]]) -> tuple[Any, Any]:
    whole, each = [], []
    for path, allowed in when.items():
        if not isinstance(allowed, list) or not all(isinstance(value, str) for value in allowed):
            raise LayoutError(f"{where}: when: {path}: a list of texts, numbers in quotes")
        place = paths.place(path)
        (each if place.level else whole).append((place, frozenset(allowed)))
    return tuple(whole), tuple(each)
