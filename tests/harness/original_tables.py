"""Files in the form in which platforms give them, made in the tests, and what the reader of tables makes of them."""

import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
import xlwt

from kpi.contracts import load_contracts
from kpi.ingest.decode import Context
from kpi.ingest.limits import Limits
from kpi.ingest.rows import Rejected, Row, Skipped
from kpi.ingest.sources import Source
from kpi.ingest.tables import TableReader, open_reader

CONTRACTS = load_contracts()
CONTEXT = Context(CONTRACTS, keys=None, texts=None, limits=Limits())  # type: ignore[arg-type]
TIME = "2026-05-20 02:00:00"


@dataclass
class Read:
    """What became of a file: rows as dictionaries by export, counts by kind, rejected records."""

    reader: TableReader
    rows: dict[str, list[dict]] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    counts: Counter = field(default_factory=Counter)
    reasons: Counter = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)
    exported_at: set[str | None] = field(default_factory=set)

    @property
    def unknown(self) -> set[str]:
        """Headers that nobody knows."""
        return {header for _, header in self.reader.unknown_columns}


def source(name: str, content: bytes) -> Source:
    """A file that lies in memory."""
    return Source(
        name=name,
        size=len(content),
        exported_at=TIME,
        exported_from="mtime",
        mtime=TIME,
        path=Path(name),
        opener=lambda: io.BytesIO(content),
    )


def read(content: bytes | str, name: str = "file", encoding: str = "utf-8") -> Read:
    """Reads a file to its end; every record is counted once."""
    content = content.encode(encoding) if isinstance(content, str) else content
    reader = open_reader(source(name, content), content[: 1 << 16], CONTEXT)
    assert reader is not None, "the reader of tables does not take this file"
    result = Read(reader)
    for item in reader:
        if isinstance(item, Skipped):
            result.counts[item.kind] += item.count
            if item.kind == "ignored":
                assert item.reason
                result.reasons[item.reason] += item.count
        elif isinstance(item, Rejected):
            if item.counts:
                result.counts["quarantined"] += 1
            result.rejected.append(item)
        else:
            assert item
            result.counts["landed"] += 1
            for row in item:
                _add(result, row)
    return result


def _add(result: Read, row: Row) -> None:
    names = CONTRACTS[row.export].column_names
    result.rows.setdefault(row.export, []).append(dict(zip(names, row.cells, strict=True)))
    result.numbers.setdefault(row.export, []).append(row.number)
    result.parts.add(row.part)
    result.exported_at.add(row.exported_at)


def xlsx(*sheets: tuple[str, list[list]], merged: list[tuple] = (), is_1904: bool = False) -> bytes:
    """An xlsx workbook: dates become date cells, `=…` stays text.

    Args:
        sheets: name and rows; None leaves a cell blank.
        merged: ranges (first row, first column, last row, last column) of the first sheet.
        is_1904: whether dates count from 1904.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "date_1904": is_1904, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": datetime(2026, 5, 20, tzinfo=UTC).replace(tzinfo=None)})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        day = book.add_format({"num_format": "yyyy/m/d"})
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for index, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(index, column, cell, moment)
                    elif hasattr(cell, "isoformat"):
                        sheet.write_datetime(index, column, cell, day)
                    elif cell is not None:
                        sheet.write(index, column, cell)
            if name == sheets[0][0]:
                for top, left, bottom, right in merged:
                    sheet.merge_range(top, left, bottom, right, rows[top][left])
    return buffer.getvalue()


def xls(rows: list[list], name: str = "Sheet1", merged: list[tuple] = ()) -> bytes:
    """An xls workbook of one sheet; merged ranges as in ``xlsx``."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(name)
    moment = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    first = {(top, left): (bottom, right) for top, left, bottom, right in merged}
    for index, row in enumerate(rows):
        for column, cell in enumerate(row):
            if (index, column) in first:
                bottom, right = first[index, column]
                sheet.write_merge(index, bottom, column, right, cell)
            elif isinstance(cell, datetime):
                sheet.write(index, column, cell, moment)
            elif cell is not None:
                sheet.write(index, column, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
