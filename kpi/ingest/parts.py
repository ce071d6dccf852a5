"""Rows into Parquet parts: all text, bounded memory, with the days that they are about."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kpi.ingest.manifest import Part

LINEAGE = ("_source_file", "_source_row", "_exported_at")
# A row group is what a reader holds in memory at once, a part what a rewrite has to write again.
GROUP_ROWS = 131_072
GROUP_BYTES = 64 << 20
PART_ROWS = 5_000_000

PART_PATH = re.compile(r"[^/]+/exported_on=\d{4}-\d{2}-\d{2}/[0-9a-f]{16}-\d+(-r\d+)?\.parquet")

_LOCAL_DAY = re.compile(r"\s*`?(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?")
_COMPACT_DAY = re.compile(r"\d{8}")
_EPOCH = re.compile(r"\d{10}|\d{13}")
_CHINA = timedelta(hours=8)


def export_schema(columns: Sequence[str]) -> pa.Schema:
    """Schema of a part: the export's columns and the lineage columns, all text."""
    return pa.schema([(name, pa.string()) for name in (*columns, *LINEAGE)])


def day_of(text: str) -> date | None:
    """Day of Asia/Shanghai that a cell tells, however exports write times; None when it cannot be read.

    Read are seconds (10 digits) and milliseconds (13 digits) since 1970, ``20260131``, ``2026-01-31 …``,
    ``2026/1/31``, ``2026年1月31日``, each also behind a backtick; a month counts as its first day.
    """
    text = text.strip().lstrip("`")
    try:
        if _EPOCH.fullmatch(text):
            return (datetime.fromtimestamp(int(text[:10]), UTC) + _CHINA).date()
        if _COMPACT_DAY.fullmatch(text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        found = _LOCAL_DAY.match(text)
        return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None
    except ValueError:
        return None


def day_range(column: pa.Array | pa.ChunkedArray) -> tuple[str, str] | None:
    """First and last day in a column of text, ``YYYY-MM-DD``; None when no cell can be read."""
    # of a time the first 13 characters tell the day, and there are few different ones; of an epoch all are needed
    starts = pc.utf8_slice_codeunits(column, 0, 14)
    numeric = pc.match_substring_regex(starts, r"^\s*`?\d{10}(\d{3})?\s*$")
    epochs = pc.min_max(pc.filter(starts, numeric)).as_py()
    texts = pc.unique(pc.utf8_slice_codeunits(pc.filter(starts, pc.invert(numeric)), 0, 11)).to_pylist()
    days = [day for text in (*epochs.values(), *texts) if text and (day := day_of(text))]
    return (min(days).isoformat(), max(days).isoformat()) if days else None


def write_table(path: Path, table: pa.Table) -> None:
    """Write one part and make it last through a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pq.write_table(table, file, compression="zstd", row_group_size=GROUP_ROWS, store_schema=False)
        _sync(file)


def _sync(file) -> None:
    file.flush()
    os.fsync(file.fileno())


class PartWriter:
    """Writes the rows of one source file in one export, as one part or several.

    Args:
        work: directory of unfinished work; the parts lie in it under the paths that they will have.
        export: the export.
        columns: its columns, without the lineage.
        day_column: the column that tells the business day, or None.
        sha256: content of the source file, which names the parts.
    """

    def __init__(self, work: Path, export: str, columns: Sequence[str], day_column: str | None, sha256: str) -> None:
        self.export = export
        self.schema = export_schema(columns)
        self.parts: list[Part] = []
        self._work = work
        self._day_column = day_column
        self._stem = sha256[:16]
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._waiting_bytes = 0
        self._file = None
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        self._days: tuple[str, str] | None = None

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        return sum(part.rows for part in self.parts) + self._rows + self._waiting_rows

    def write(self, batch: pa.RecordBatch) -> None:
        """Take rows; columns in any order.

        Raises:
            KeyError: when a column of the export is missing.
            OSError: when they cannot be written.
        """
        if batch.num_rows == 0:
            return
        if batch.schema != self.schema:
            batch = batch.select(self.schema.names).cast(self.schema)
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self._waiting_bytes += batch.nbytes
        if self._waiting_rows >= GROUP_ROWS or self._waiting_bytes >= GROUP_BYTES:
            self._write_group()

    def close(self, exported_at: str) -> list[Part]:
        """Finish, once it is known when the file was exported; returned are the parts, none when no row came."""
        self._write_group()
        self._finish_part()
        folder = f"{self.export}/exported_on={exported_at[:10]}"
        (self._work / folder).mkdir(parents=True, exist_ok=True)
        parts = [replace(part, path=f"{folder}/{part.path}") for part in self.parts]
        for unplaced, part in zip(self.parts, parts, strict=True):
            self._place(unplaced).rename(self._work / part.path)
        return parts

    def abandon(self) -> None:
        """Let go of the open file after a failure; what was written goes with the work directory."""
        if self._writer is not None and self._file is not None:
            with suppress(OSError, pa.ArrowException):  # the disk may be full, and the part is not wanted
                self._writer.close()
            with suppress(OSError):
                self._file.close()

    def _write_group(self) -> None:
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting, self.schema)
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
        if self._writer is None:
            self._file = self._place(self._next()).open("wb")
            self._writer = pq.ParquetWriter(self._file, self.schema, compression="zstd", store_schema=False)
        self._writer.write_table(table, row_group_size=GROUP_ROWS)
        self._rows += table.num_rows
        days = day_range(table[self._day_column]) if self._day_column else None
        known = [day for pair in (days, self._days) if pair for day in pair]
        self._days = (min(known), max(known)) if known else None
        if self._rows >= PART_ROWS:
            self._finish_part()

    def _finish_part(self) -> None:
        if self._writer is None or self._file is None:
            return
        self._writer.close()
        _sync(self._file)
        self._file.close()
        self.parts.append(self._next())
        self._writer = self._file = None
        self._rows, self._days = 0, None

    def _next(self) -> Part:
        """The part that is being written, by its name alone: its folder tells when it was exported."""
        name = f"{self._stem}-{len(self.parts) + 1}.parquet"
        return Part(self.export, name, self._rows, *(self._days or (None, None)))

    def _place(self, part: Part) -> Path:
        return self._work / f"{self.export}-{part.path}"


def rewritten_path(path: str) -> str:
    """Path of the next edition of a part: a live file is never written over."""
    stem, _, revision = path.removesuffix(".parquet").partition("-r")
    return f"{stem}-r{int(revision or 0) + 1}.parquet"
