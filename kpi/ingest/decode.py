"""One file from bytes to landed rows.

``decode`` finds the reader of a file by its bytes, hands the reader's rows to the ``Lander`` (persons to keys, checks,
batches) and keeps the account. Memory is bounded by two batches per export and one record, whatever the size of the
file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pyarrow as pa

from kpi.ingest import record_reader, tables
from kpi.ingest.lander import Lander
from kpi.ingest.limits import Limits, Refused
from kpi.ingest.rows import Account, Doubt, Reader, Unrecognised
from kpi.ingest.sources import Source

if TYPE_CHECKING:
    from kpi.contracts import Contract

READERS = (record_reader.open_reader, tables.open_reader)
"""Tried in this order; the first that knows the kind of the bytes reads the file."""
LOOK = 4096
"""Records between two looks whether a batch is full."""

__all__ = ["Context", "Decoding", "Landed", "Limits", "Refused", "decode"]


class Keys(Protocol):
    """Makes keys of persons (kpi.privacy)."""

    def key(self, space: str, raw: str) -> str | None:
        """Key of one raw id, ``ph`` and ``auto`` included; None where none can be made or the person was erased."""

    @property
    def knows_erased(self) -> bool:
        """Whether anybody was erased."""

    def is_erased_number(self, kind: str, number: str) -> bool:
        """Whether an order, message or coupon number led to a person who was erased."""

    def content(self, normalised_text: str) -> str:
        """``ct_`` + 16 hex digits."""


class Texts(Protocol):
    """Turns a text into features (kpi.privacy.text).

    They are length, content_hash, is_solitaire, is_stop_phrase, terms, polarity.
    """

    def features(self, text: str) -> object:
        """Features of one text."""


@dataclass(frozen=True)
class Context:
    """What readers need beside the bytes."""

    contracts: Mapping[str, Contract]
    keys: Keys
    texts: Texts
    limits: Limits


class Landed(NamedTuple):
    """Rows of one export.

    Attributes:
        export: Its name; ``ingest__rejected_rows`` for what cannot be landed.
        batch: String columns: the contract's in its order, then _source_file, _source_row, _exported_at. Blank is
            ``""``, nothing is null. At most 65,536 rows.
    """

    export: str
    batch: pa.RecordBatch


class Decoding(Iterator[Landed]):
    """Iterates over the landed rows of one file; what it says of the file is complete once it is exhausted.

    Attributes:
        account: What became of the records.
        layouts: ``export: layout`` for every layout in use.
        doubts: Landed values that staging will set aside.
        masked: Persons whose id is masked or unreadable: cells landed blank, by (export, column).
        unknown_columns: (export, column) -> count; not landed.
        control_differences: Sentences; the file is an error, its rows land all the same.
        unrecognised: Set when no layout fits: nothing was landed and the account is empty.
        exported_at: Latest ``_exported_at`` of a landed row, that of the source when there is none.

    Raises:
        Refused: On ``next``, also after batches were handed out: none of them may land then.
    """

    def __init__(self, source: Source, context: Context) -> None:
        self.account = Account()
        self.layouts: list[str] = []
        self.doubts: list[Doubt] = []
        self.masked: Counter[tuple[str, str]] = Counter()
        self.unknown_columns: Counter[tuple[str, str]] = Counter()
        self.control_differences: list[str] = []
        self.unrecognised: Unrecognised | None = None
        self.exported_at = source.exported_at
        self._run = self._decoded(source, context)

    def __next__(self) -> Landed:
        return next(self._run)

    def _decoded(self, source: Source, context: Context) -> Iterator[Landed]:
        reader = _reader(source, context)
        if reader is None:
            self.unrecognised = Unrecognised("neither JSON, XML nor a table: no reader for this kind of file")
            return
        lander = Lander(source, context)
        waiting = 0
        for item in reader:
            lander.take(item)
            waiting += 1
            if waiting >= LOOK:
                waiting = 0
                for export, batch in lander.full():
                    yield Landed(export, batch)
        for export, batch in lander.full(1):
            yield Landed(export, batch)
        self.account, self.masked = lander.account, lander.masked
        self.doubts = lander.doubts().all()
        self.layouts, self.unknown_columns = reader.layouts, reader.unknown_columns
        self.control_differences, self.unrecognised = reader.control_differences, reader.unrecognised
        self.exported_at = lander.latest or source.exported_at


def _reader(source: Source, context: Context) -> Reader | None:
    head = source.head()
    return next((reader for open_reader in READERS if (reader := open_reader(source, head, context))), None)


def decode(
    source: Source,
    contracts: Mapping[str, Contract],
    pseudonymiser: Keys,
    text_reader: Texts,
    limits: Limits | None = None,
) -> Decoding:
    """Decodes one file. Nothing is read before the first ``next``.

    Args:
        source: The file.
        contracts: All of them, by export: the file is recognised by their layouts.
        pseudonymiser: Makes keys of persons.
        text_reader: Makes features of texts.
        limits: Sizes; the defaults when None.
    """
    contracts = contracts if isinstance(contracts, dict) else dict(contracts)
    return Decoding(source, Context(contracts, pseudonymiser, text_reader, limits or Limits()))
