"""Layouts of tables: the part of a contract that says how a CSV or workbook of an export looks.

The language is documented in ``kpi/contracts/README.md``. Here it is read, checked, and held against header rows.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kpi.contracts import Contract
from kpi.ingest.headers import Header, base_of, name_of
from kpi.ingest.layouts import LayoutError

UNITS = ("yuan", "fen", "wan", "percent", "fraction", "duration")
TOTALS = ("合计", "总计", "小计", "总合计")

_KEYS = (
    *(
        "name",
        "known_from",
        "kind",
        "requires",
        "forbids",
        "aliases",
        "columns",
        "ignored",
        "personal",
        "units",
        "values",
    ),
    *("totals", "given", "exported_at", "fill", "exclude", "refuse", "unpivot", "trailer", "control", "ends_with"),
)


@dataclass(frozen=True)
class Unpivot:
    """Columns that become rows: one row per matching column, its number in `key`, its cell in `value`.

    Attributes:
        headers: patterns of a header; the group `number` names the question, the rest is its wording.
        key: landed column of the number.
        form: how the number is landed, such as `Q{number}`.
        value: landed column of the cell.
        personal: pattern of wordings that ask for a person's data; such columns are not landed.
    """

    headers: tuple[re.Pattern[str], ...]
    key: str
    form: str
    value: str
    personal: re.Pattern[str]


@dataclass(frozen=True)
class Given:
    """Where a value comes from that no column holds: lines before the header, the sheet's name, the file's name."""

    preamble: tuple[re.Pattern[str], ...] = ()
    sheet: re.Pattern[str] | None = None
    file_name: re.Pattern[str] | None = None
    constant: str | None = None


@dataclass(frozen=True)
class TableLayout:
    """One layout, ready to be held against header rows. All names are normalised as ``headers.name_of`` does.

    Attributes:
        contract: of the export.
        name: what people call the file.
        requires: names that must all be there.
        forbids: names of which none may be there.
        aliases: header of a file -> name used here.
        columns: landed column -> name.
        known: names that are expected and not landed.
        units: landed column -> unit of the file.
        values: landed column -> {cell -> landed text}.
        totals: first cells of a total row.
        given: landed column -> where its value comes from if no column holds it.
        exported_at: pattern of the time of export in the lines before the header.
        fill: names whose merged cells hold their value in every row.
        exclude: name -> cells whose rows are no data.
        refuse: why files of this layout are recognised and not landed.
        unpivot: columns that become rows.
        trailer: whether this stands behind the rows of another export's table.
        ends_with: export of the trailer that closes a whole file of this layout.
        control: landed column of a trailer -> header of the rows that it is the sum of, or `rows` for their number.
    """

    contract: Contract
    name: str
    requires: tuple[str, ...]
    forbids: frozenset[str]
    aliases: Mapping[str, str]
    columns: Mapping[str, str]
    known: frozenset[str]
    units: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    totals: frozenset[str]
    given: Mapping[str, Given]
    exported_at: re.Pattern[str] | None
    fill: frozenset[str]
    exclude: Mapping[str, frozenset[str]]
    refuse: str
    unpivot: Unpivot | None
    trailer: bool
    ends_with: str
    control: Mapping[str, str]
    vocabulary: Mapping[str, str] = field(repr=False)
    accepts: tuple[frozenset[str], ...] = field(repr=False)

    @property
    def title(self) -> str:
        """`export: layout`, as the accounts name it."""
        return f"{self.contract.export}: {self.name}"

    def resolve(self, header: Header) -> str:
        """The name used here for a header of a file, or blank for one that nobody told of."""
        for name in header.names:
            name = self.aliases.get(name, name)
            if name in self.vocabulary:
                return self.vocabulary[name]
        return ""

    def lacks(self, names: frozenset[str]) -> int:
        """How many of the required headers are not among these names of a row."""
        return sum(1 for accepted in self.accepts if accepted.isdisjoint(names))

    def question(self, header: Header) -> re.Match[str] | None:
        """The match of a header that becomes rows."""
        if self.unpivot is None or not header.name:
            return None
        return next((found for pattern in self.unpivot.headers if (found := pattern.match(header.name))), None)


def table_layout(contract: Contract, raw: Mapping[str, Any]) -> TableLayout:
    """Reads one layout of a contract.

    Raises:
        LayoutError: a key or a column that does not exist; says where and what is allowed.
    """
    where = f"{contract.export}, {raw.get('name')}"
    unknown = [key for key in raw if key not in _KEYS]
    if unknown:
        raise LayoutError(f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(_KEYS)}")
    landed = dict.fromkeys(contract.column_names)
    for key in ("columns", "units", "values", "given"):
        strange = [column for column in raw.get(key, {}) if column not in landed]
        if strange:
            raise LayoutError(f"{where}: {key}: {', '.join(strange)} is no column of {contract.export}")
    units = raw.get("units", {})
    if any(unit not in UNITS for unit in units.values()):
        raise LayoutError(f"{where}: units: one of {', '.join(UNITS)}, got {units}")
    columns = {column: name_of(raw.get("columns", {}).get(column, column)) for column in landed}
    known = frozenset(name_of(name) for key in ("ignored", "personal") for name in raw.get(key, ()))
    requires = tuple(name_of(name) for name in raw.get("requires", ()))
    if not requires:
        raise LayoutError(f"{where}: requires: at least one header that recognises the table")
    exclude = {name_of(name): frozenset(cells) for name, cells in raw.get("exclude", {}).items()}
    names = {*columns.values(), *known, *requires, *exclude}
    vocabulary = _vocabulary(names)
    aliases = {name_of(given): name_of(name) for given, name in raw.get("aliases", {}).items()}
    lost = [name for name in aliases.values() if name not in vocabulary]
    if lost:
        raise LayoutError(f"{where}: aliases: {', '.join(lost)} is no column and not ignored")
    return TableLayout(
        contract=contract,
        name=str(raw["name"]),
        requires=requires,
        forbids=frozenset(map(name_of, raw.get("forbids", ()))),
        aliases=aliases,
        columns=columns,
        known=known,
        units=units,
        values={
            column: {str(cell): str(text) for cell, text in map_.items()}
            for column, map_ in raw.get("values", {}).items()
        },
        totals=frozenset(raw.get("totals", TOTALS)),
        given={column: _given(entry) for column, entry in raw.get("given", {}).items()},
        exported_at=re.compile(raw["exported_at"]) if "exported_at" in raw else None,
        fill=frozenset(map(name_of, raw.get("fill", ()))),
        exclude=exclude,
        refuse=str(raw.get("refuse", "")),
        unpivot=_unpivot(raw["unpivot"]) if "unpivot" in raw else None,
        trailer=bool(raw.get("trailer", False)),
        control={column: name_of(name) for column, name in raw.get("control", {}).items()},
        ends_with=str(raw.get("ends_with", "")),
        vocabulary=vocabulary,
        accepts=tuple(
            frozenset(name for name in {*vocabulary, *aliases} if vocabulary.get(aliases.get(name, name)) == needed)
            for needed in requires
        ),
    )


def _vocabulary(names: set[str]) -> dict[str, str]:
    """Names with and without their unit; the whole name goes before another one's base."""
    bases = {base_of(name)[0]: name for name in sorted(names)}
    return {**bases, **{name: name for name in names}}


def _given(entry: Mapping[str, Any]) -> Given:
    return Given(
        preamble=tuple(re.compile(pattern) for pattern in entry.get("preamble", ())),
        sheet=re.compile(entry["sheet"]) if "sheet" in entry else None,
        file_name=re.compile(entry["file_name"]) if "file_name" in entry else None,
        constant=entry.get("constant"),
    )


def _unpivot(entry: Mapping[str, Any]) -> Unpivot:
    return Unpivot(
        headers=tuple(re.compile(pattern) for pattern in entry["headers"]),
        key=entry["key"],
        form=entry["form"],
        value=entry["value"],
        personal=re.compile(entry["personal"]),
    )


@dataclass(frozen=True)
class Match:
    """A layout held against one header row.

    Attributes:
        layout: that fits.
        headers: the columns of the file, by position.
        positions: name -> position, for the names that the layout knows.
        questions: positions of the columns that become rows.
        unknown: positions of the columns that nobody told of.
    """

    layout: TableLayout
    headers: tuple[Header, ...]
    positions: Mapping[str, int]
    questions: tuple[int, ...]
    unknown: tuple[int, ...]

    @property
    def rank(self) -> tuple[int, int]:
        """The smaller, the better: few unknown columns, then many known ones."""
        return len(self.unknown), -len(self.positions) - len(self.questions)

    def position(self, column: str) -> int | None:
        """Where a landed column stands in the file."""
        return self.positions.get(self.layout.columns[column])


def hold(layout: TableLayout, headers: Sequence[Header]) -> tuple[Match, tuple[str, ...]]:
    """Holds a layout against a header row: the match, and the names it requires in vain."""
    positions: dict[str, int] = {}
    questions, unknown = [], []
    for position, header in enumerate(headers):
        if not header.name:
            continue
        name = layout.resolve(header)
        if name and name not in positions:
            positions[name] = position
        elif layout.question(header):
            questions.append(position)
        else:
            unknown.append(position)
    match = Match(layout, tuple(headers), positions, tuple(questions), tuple(unknown))
    missing = tuple(name for name in layout.requires if name not in positions)
    if layout.unpivot and not questions:
        missing += ("1、…",)
    forbidden = layout.forbids & {header.name for header in headers}
    return match, missing + tuple(f"≠{name}" for name in sorted(forbidden))
