"""From the rows of any reader to batches that land: persons become keys, rows without a key are set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from kpi.contracts import LINEAGE
from kpi.ingest.doubts import Doubts
from kpi.ingest.exact import loads
from kpi.ingest.rows import Account, Item, Rejected, Row, Skipped, hidden
from kpi.ingest.units import as_text
from kpi.privacy.erasure import OWN

if TYPE_CHECKING:
    from kpi.contracts import Column, Contract
    from kpi.ingest.decode import Context
    from kpi.ingest.sources import Source

BATCH = 65_536
ERASED = "of a person who was erased (kpi erase); what is landed of it stays nobody's"
REJECTED = "ingest__rejected_rows"
NO_KEY = "no key can be made of this person: masked, unreadable, or erased"


class Table:
    """The rows of one export that wait for their batch."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.persons = [(at, column) for at, column in enumerate(contract.columns) if column.is_personal]
        self.nothing = frozenset(contract.null_likes)
        self.own = [(at, column.traceable) for at, column in enumerate(contract.columns) if column.traceable in OWN]
        self.required = [at for at, column in enumerate(contract.columns) if column.required]
        self.schema = pa.schema([(name, pa.string()) for name in (*contract.column_names, *LINEAGE)])
        self.width = len(self.schema)
        # cell after cell: a list per row would be one more thing for the garbage collector to walk, over and over
        self.cells: list[str | None] = []

    @property
    def waiting(self) -> int:
        """Rows that wait."""
        return len(self.cells) // self.width

    def batch(self) -> pa.RecordBatch:
        """The first rows that wait, at most ``BATCH``; they wait no longer."""
        end = BATCH * self.width
        cells, self.cells = self.cells[:end], self.cells[end:]
        columns = [_strings(cells[at :: self.width]) for at in range(self.width)]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _strings(column: list[str | None]) -> pa.Array:
    try:
        cells = pa.array(column, pa.string())
    except UnicodeEncodeError:  # half of an emoji, as \\ud83d in JSON can say it
        cells = pa.array([(value or "").encode("utf-8", "replace").decode() for value in column], pa.string())
    return cells.fill_null("") if cells.null_count else cells


class Lander:
    """Takes the items of a reader, keeps the account, gives batches.

    Attributes:
        account: So far.
        masked: (export, column) of persons for whom no key can be made, cells landed blank.
        latest: Latest ``_exported_at`` so far.
    """

    def __init__(self, source: Source, context: Context) -> None:
        self.account = Account()
        self.masked: Counter[tuple[str, str]] = Counter()
        self.latest = ""
        self._source = source
        self._context = context
        self._knows_erased = context.keys.knows_erased
        self._tables: dict[str, Table] = {}
        self._doubts = Doubts()

    def take(self, item: Item) -> None:
        """One source record."""
        account = self.account
        if isinstance(item, Skipped):
            account.read += item.count
            setattr(account, item.kind, getattr(account, item.kind) + item.count)
            if item.kind == "ignored":
                account.ignored_reasons[item.reason] += item.count
        elif isinstance(item, Rejected):
            account.read += item.counts
            account.quarantined += item.counts
            self._reject(item)
        else:
            account.read += 1
            rows = [row for row in item if not self._is_erased(row)] if self._knows_erased else item
            if not rows:
                account.ignored += 1
                account.ignored_reasons[ERASED] += 1
                return
            landed = self._land(rows[0]) if len(rows) == 1 else sum([self._land(row) for row in rows])
            account.landed += landed > 0
            account.quarantined += landed == 0

    def _is_erased(self, row: Row) -> bool:
        """Whether a row is an order, a message or a coupon of a person who was erased."""
        table = self._table(row.export)
        for at, kind in table.own:
            number = as_text(row.cells[at] or "").lstrip(table.contract.cell_prefix or None).strip()
            if number and number not in table.nothing and self._context.keys.is_erased_number(kind, number):
                return True
        return False

    def _land(self, row: Row) -> bool:
        table = self._table(row.export)
        cells = row.cells
        for at, column in table.persons:
            raw = cells[at]
            if type(raw) is str and raw.strip() in table.nothing:
                cells[at] = raw.strip()  # a null-like lands as it stands
                if column.required:
                    return self._not_landed(row, column.name, "", "blank, but a row needs it")
                continue
            cells[at] = key = self._person(table.contract, column, raw) if raw or raw == [] else ""
            if column.required and not key:
                return self._not_landed(row, column.name, as_text(raw), NO_KEY if raw else "blank, but a row needs it")
        for at in table.required:
            if not cells[at] or cells[at].isspace():
                name = table.contract.columns[at].name
                return self._not_landed(row, name, "", "blank, but a row needs it")
        stamp = row.exported_at or self._source.exported_at
        if stamp > self.latest:
            self.latest = stamp
        cells += (self._source.name + row.part, str(row.number), stamp)
        table.cells += cells
        self.account.rows[row.export] += 1
        return True

    def _not_landed(self, row: Row, column: str, value: str, reason: str) -> bool:
        self._reject(Rejected(row.number, row.export, column, value, reason, row.exported_at, row.part))
        return False

    def _person(self, contract: Contract, column: Column, raw: Any) -> str:
        make = partial(self._key, contract.export, column)
        if column.many == "json":
            return json_list([key for one in _several(raw) if (key := make(one))])
        if column.many == "comma":
            parts = raw if isinstance(raw, list) else as_text(raw).split(",")
            return ",".join(key for part in parts if (key := make(as_text(part))))
        text = as_text(raw)
        prefix = contract.cell_prefix
        if prefix and text.startswith(prefix):
            key = make(text.removeprefix(prefix))
            return prefix + key if key else ""
        return make(text)

    def _key(self, export: str, column: Column, raw: str) -> str:
        """Key of one person; blank where there is none or none can be made."""
        if not raw.strip():
            return ""
        # a masked id is the same for many people
        key = None if "*" in raw else self._context.keys.key(column.person or "auto", raw)
        if key is None:
            self.masked[export, column.name] += 1
        return key or ""

    def _reject(self, item: Rejected) -> None:
        stamp = item.exported_at or self._source.exported_at
        self.account.quarantined_reasons[item.export, item.column, item.reason] += 1
        self.account.rows[REJECTED] += 1
        place = [self._source.name + item.part, str(item.number), stamp]
        self._table(REJECTED).cells += [item.export, item.column, hidden(item.value), item.reason, *place]

    def _table(self, export: str) -> Table:
        table = self._tables.get(export)
        if table is None:
            table = self._tables[export] = Table(self._context.contracts[export])
        return table

    def full(self, least: int = BATCH) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Batches of the exports with at least so many rows waiting, checked for doubts."""
        for export, table in self._tables.items():
            while table.waiting >= least:
                batch = table.batch()
                if export != REJECTED:
                    batch = self._doubts.look(table.contract, batch)
                yield export, batch

    def doubts(self) -> Doubts:
        """What was found in the batches given so far."""
        return self._doubts


def json_list(keys: list[str]) -> str:
    """A JSON list with a blank after each comma, as the exports of the platform's tools have it."""
    return "[" + ", ".join(orjson.dumps(key).decode() for key in keys) + "]"


def _several(raw: Any) -> list[str]:
    """Persons in a JSON list or in the text of one; a single value that is neither counts as one."""
    if isinstance(raw, str):
        try:
            raw = loads(raw)
        except ValueError:
            raw = [raw]
    return [as_text(one) for one in raw] if isinstance(raw, list) else [as_text(raw)]
