"""Tables, from bytes to items: CSV and workbooks, recognised by their header row wherever it stands.

A file is a workbook or a text; a workbook has several sheets, a text is one. Each sheet is looked at for 60 rows; the
layout that leaves the fewest columns unexplained wins. What stands before the header is preamble, what stands behind
the data may be a trailer of control totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kpi.ingest.delimited import NotText, Record, open_delimited
from kpi.ingest.layouts import raw_layouts
from kpi.ingest.limits import MIB, Limits, Refused
from kpi.ingest.recognise_tables import Found, nearest, recognise
from kpi.ingest.rows import Item, Skipped, Unrecognised
from kpi.ingest.sources import Source
from kpi.ingest.table_items import TableItems
from kpi.ingest.table_layouts import TableLayout, table_layout
from kpi.ingest.workbooks import Sheet, is_workbook, open_workbook

if TYPE_CHECKING:
    from kpi.ingest.decode import Context

HEAD_ROWS = 60
MAX_WORKBOOK = 512 * MIB
_OTHER_KINDS = (b"{", b"[", b"<")


@dataclass(frozen=True)
class Table:
    """One table of a file.

    Attributes:
        source: what its records are read from, as often as wanted.
        name: of the sheet, blank for a text.
        is_1904: whether serial dates count from 1904.
        found: the layout that fits, or None.
        rows_seen: the first rows.
    """

    source: object
    name: str
    is_1904: bool
    found: Found | None
    rows_seen: list[Record]

    def records(self) -> Iterator[Record]:
        """All records from the first."""
        return self.source.records()  # type: ignore[attr-defined]


def open_reader(source: Source, head: bytes, context: Context) -> TableReader | None:
    """Opens a table.

    Args:
        source: the file.
        head: its first bytes.
        context: contracts and limits.

    Returns:
        A reader, also when no layout fits; None if the bytes are JSON, XML or an archive of another kind.

    Raises:
        Refused: a password, a bomb, damage, NUL bytes; or a table that is known and cannot land.
    """
    layouts = _layouts(context)
    if is_workbook(head):
        tables = _workbook_tables(source, layouts, context.limits)
        if tables is None:
            return None
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in _OTHER_KINDS:
        return None
    else:
        tables = [_text_table(source, layouts)]
    recognised = [table for table in tables if table.found]
    refused = [table.found for table in recognised if table.found and table.found.layout.refuse]
    if refused and len(refused) == len(recognised):
        layout = refused[0].layout
        raise Refused(source.name, "not_landable", f"{layout.name}: {layout.refuse}")
    return TableReader(source, tables, layouts)


def _layouts(context: Context) -> tuple[TableLayout, ...]:
    return tuple(table_layout(contract, raw) for contract, raw in raw_layouts(context.contracts, "table"))


def _text_table(source: Source, layouts: Sequence[TableLayout]) -> Table:
    try:
        text = open_delimited(source.open)
    except NotText as error:
        raise Refused(source.name, "nul", f"{error}: no table. 文件里全是空字节，请重新导出。") from error
    tables = []
    # A line of prose may hold more commas than the header has tabs: the delimiter is the one that shows a header.
    for delimiter in text.delimiters:
        split = replace(text, delimiter=delimiter)
        rows = list(islice(split.records(), HEAD_ROWS))
        tables.append(Table(split, "", False, recognise(rows, layouts), rows))
        if tables[-1].found:
            return tables[-1]
    return tables[0]


def _workbook_tables(source: Source, layouts: Sequence[TableLayout], limits: Limits) -> list[Table] | None:
    if source.size > MAX_WORKBOOK:
        message = f"a workbook of {source.size // MIB} MiB: save it as CSV. 工作簿过大，请另存为 CSV。"
        raise Refused(source.name, "too_large", message)
    with source.open() as stream:
        data = stream.read(MAX_WORKBOOK)
    book = open_workbook(source.name, data, limits)
    if book is None:
        return None
    tables = []
    for sheet in book.sheets:
        rows = list(islice(sheet.records(), HEAD_ROWS))
        tables.append(Table(sheet, sheet.name, book.is_1904, recognise(rows, layouts, sheet.merged), rows))
    return tables


@dataclass
class TableReader:
    """The items of one file of tables; see ``kpi.ingest.rows.Reader``."""

    source: Source
    tables: list[Table]
    all_layouts: Sequence[TableLayout]
    layouts: list[str] = field(default_factory=list)
    unknown_columns: Counter[tuple[str, str]] = field(default_factory=Counter)
    control_differences: list[str] = field(default_factory=list)
    unrecognised: Unrecognised | None = None

    def __post_init__(self) -> None:
        if not any(table.found for table in self.tables):
            rows = [table.rows_seen for table in self.tables]
            self.unrecognised = nearest(rows, self.all_layouts)

    def __iter__(self) -> Iterator[Item]:
        """The items of all tables, sheet by sheet."""
        if self.unrecognised is not None:
            return
        landed = [table for table in self.tables if table.found and not table.found.layout.refuse]
        for table in self.tables:
            if table.found is None:
                yield from _passed_over(table, "no layout fits")
            elif table.found.layout.refuse:
                yield from _passed_over(table, f"{table.found.layout.name}: {table.found.layout.refuse}")
            else:
                part = f"#{table.name}" if len(landed) > 1 else ""
                yield from self._items(table, part)

    def _items(self, table: Table, part: str) -> Iterator[Item]:
        trailers = [layout for layout in self.all_layouts if layout.trailer]
        merged = table.source.merged if isinstance(table.source, Sheet) else ()
        items = TableItems(
            found=table.found,  # type: ignore[arg-type]
            trailers=trailers,
            file_name=PurePosixPath(self.source.name).name,
            sheet=table.name,
            part=part,
            is_1904=table.is_1904,
            merged=merged,
        )
        yield from items.items(table.records())
        self.layouts.extend(title for title in items.layouts if title not in self.layouts)
        self.unknown_columns.update(items.unknown_columns)
        self.control_differences.extend(items.control_differences)


def _passed_over(table: Table, why: str) -> Iterator[Item]:
    """The rows of a sheet that does not land, each accounted for."""
    blank = other = 0
    for record in table.records():
        if any(cell not in ("", None) for cell in record.cells):
            other += 1
        else:
            blank += 1
    name = table.name or "table"
    if blank:
        yield Skipped("blank", blank)
    if other:
        yield Skipped("ignored", other, f"sheet {name}: {why}")
