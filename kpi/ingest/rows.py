"""What readers hand to ``decode``, and how it is counted.

A reader turns the bytes of one file into items: rows for exports, records skipped for a named reason, records that
cannot be landed. It does not touch persons, batches or counts: ``kpi.ingest.lander.Lander`` does, for all of
them alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

SKIPPED = ("header", "preamble", "blank", "total", "duplicate", "ignored")


class Row(NamedTuple):
    """One row for one export.

    Attributes:
        export: Its name.
        number: ``_source_row``.
        cells: One per column of the contract, in its order, without the lineage columns: text, None for blank.
            Units and value maps of the layout are applied; persons are still raw (for ``many: json`` a list or its
            JSON text, for ``many: comma`` a list or text).
        exported_at: A time inside the file, ``YYYY-MM-DD HH:MM:SS``; None = that of the source.
        part: What is appended to ``_source_file`` (``#sheet``).
    """

    export: str
    number: int
    cells: list[str | list[str] | None]
    exported_at: str | None = None
    part: str = ""


class Skipped(NamedTuple):
    """Source records that are no data: one of ``SKIPPED``, and for ignored why."""

    kind: str
    count: int = 1
    reason: str = ""


class Rejected(NamedTuple):
    """A source record that cannot be landed. The value is shown by its first two characters only.

    Attributes:
        number: ``_source_row``.
        export: The export it seems to belong to, or ``""``.
        column: Where the problem is, or ``""`` for the whole record.
        value: The raw value.
        reason: A phrase.
        counts: False when it stands beside a record that is counted otherwise.
    """

    number: int
    export: str
    column: str
    value: str
    reason: str
    exported_at: str | None = None
    part: str = ""
    counts: bool = True


Item = list[Row] | Skipped | Rejected
"""One source record; a list holds its rows for all exports, at least one."""


class Reader(Protocol):
    """One open file of a kind that is recognised.

    A reader module has ``open_reader(source, head, context) -> Reader | None``, where ``head`` are the first 64 KiB and
    ``context`` is a ``kpi.ingest.decode.Context``. It gives None when the bytes are of another kind (a workbook, say,
    for the reader of JSON), and a Reader also when the kind is right and no layout fits: its ``unrecognised`` is then
    set and it has no items. ``kpi.ingest.decode.READERS`` lists the modules.

    Attributes:
        layouts: Names ``export: layout`` of the layouts in use, complete at the end.
        unknown_columns: (export, header) -> records with it. Headers that look personal are named, values never.
        control_differences: Sentences on control totals that differ from the rows.
        unrecognised: Set when no layout fits.
    """

    layouts: list[str]
    unknown_columns: Counter[tuple[str, str]]
    control_differences: list[str]
    unrecognised: Unrecognised | None

    def __iter__(self) -> Iterator[Item]: ...


@dataclass(frozen=True)
class Nearest:
    """A layout that does not fit and what it lacks."""

    export: str
    layout: str
    missing: tuple[str, ...]
    extra: tuple[str, ...]


@dataclass(frozen=True)
class Unrecognised:
    """Why a file was not recognised: in words, and the layouts that come nearest, best first."""

    message: str
    nearest: tuple[Nearest, ...] = ()


@dataclass
class Account:
    """What became of the records of one source file.

    ``read = header + preamble + blank + total + duplicate + ignored + quarantined + landed`` in source records: a
    line or sheet row of a table, a JSON record, an XML event. A record of which some rows land and some do not is
    landed; ``rows["ingest__rejected_rows"]`` counts every rejected row.
    """

    read: int = 0
    header: int = 0
    preamble: int = 0
    blank: int = 0
    total: int = 0
    duplicate: int = 0
    ignored: int = 0
    quarantined: int = 0
    landed: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    """Rows landed by export."""
    ignored_reasons: Counter[str] = field(default_factory=Counter)
    quarantined_reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(export, column, reason) of rejected rows."""

    def adds_up(self) -> bool:
        """Whether every record read has become something."""
        parts = self.header + self.preamble + self.blank + self.total + self.duplicate + self.ignored
        return self.read == parts + self.quarantined + self.landed and self.ignored == self.ignored_reasons.total()


@dataclass
class Doubt:
    """A landed value that staging will set aside.

    Attributes:
        value: As it stands, or its first two characters and … for a column that may be personal.
        count: Rows with this problem (values beyond the first 20 of a column are counted together as ``…``).
        first_row: ``_source_row`` of the first.
    """

    export: str
    column: str
    value: str
    reason: str
    count: int
    first_row: int


def hidden(value: str) -> str:
    """A value that may be personal: its first two characters and …; blank stays blank."""
    return value[:2] + "…" if len(value) > 2 else ("…" if value else "")


_DATA = re.compile(r"\d{5}|@|^w[morb][\w-]{8}")


def named(key: str) -> str:
    """The name of a column or key; hidden where it may be a value, as in an object whose keys are phone numbers."""
    return hidden(key) if len(key) > 40 or _DATA.search(key) else key
