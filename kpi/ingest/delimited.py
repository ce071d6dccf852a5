"""CSV and its relatives, from bytes to numbered records.

Made for what platforms and spreadsheets write: several encodings, bills whose cells open with a backtick, quotes that
are never closed, lines damaged on the way. A line that cannot be read becomes a record with a problem; none is
skipped, and memory does not grow with the file.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import charset_normalizer

from kpi.ingest.cells import BACKTICK, Cell

OpenFile = Callable[[], IO[bytes]]
"""Opens the file anew at its first byte; a table is read twice, once to tell its encoding."""

HEAD_BYTES = 65_536
BLOCK_BYTES = 1 << 20
LONGEST_CELL = 1 << 20
LONGEST_LINE = 8 << 20
LONGEST_RECORD_LINES = 500

UNDECODABLE = "bytes that are no text in the encoding of the file"
NUL_BYTES = "NUL bytes in the line"
TOO_LONG = "a cell of more than 1 MiB"
UNCLOSED_QUOTE = "a quote that is never closed"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf_16_le", "utf_16_be")
# What a broken byte becomes: a lone surrogate, or the replacement character in UTF-16.
_DAMAGED = re.compile("[\udc80-\udcff\ufffd]")
_DELIMITERS = (",", "\t", ";")

csv.field_size_limit(2 * LONGEST_CELL)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a CSV file (several where a quoted cell spans lines) or one row of a sheet.

    Attributes:
        number: as an editor or spreadsheet shows it, from 1; the first line of a record that spans lines.
        cells: the cells, or what is readable of them when there is a problem.
        problem: why the record cannot be landed, or nothing.
        lines: how many lines of the file it takes.
    """

    number: int
    cells: list[Cell]
    problem: str = ""
    lines: int = 1


class NotText(ValueError):
    """The file is no text table: NUL bytes throughout."""


@dataclass(frozen=True)
class Delimited:
    """A text table that is ready to be read, as often as wanted.

    Attributes:
        open_file: opens it.
        encoding: of its text.
        delimiters: that occur in its head, the most frequent first, at least one.
        delimiter: that splits it.
    """

    open_file: OpenFile
    encoding: str
    delimiters: tuple[str, ...]
    delimiter: str

    def records(self) -> Iterator[Record]:
        """The records of the file from its first line, damaged ones included.

        Raises:
            OSError: the file cannot be read.
        """
        wide = self.encoding.startswith(("utf-16", "utf_16", "utf-32"))
        errors = "replace" if wide else "surrogateescape"
        with self.open_file() as raw:
            text = io.TextIOWrapper(raw, encoding=self.encoding, errors=errors, newline="")
            yield from _records(_lines(text), self.delimiter)


def open_delimited(open_file: OpenFile) -> Delimited:
    """Tells encoding and delimiter of a text table.

    Encoding by byte order mark, then UTF-8, then GB18030 (which contains GBK); UTF-16 without a mark by its zero bytes.

    Raises:
        NotText: the file is full of NUL bytes.
    """
    with open_file() as raw:
        head = raw.read(HEAD_BYTES)
    encoding = _encoding(head, open_file)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    delimiters = _delimiters(text)
    return Delimited(open_file, encoding, delimiters, delimiters[0])


def _encoding(head: bytes, open_file: OpenFile) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if head.count(0) > len(head) // 10:
        return _wide_encoding(head)
    return _narrow_encoding(open_file)


def _wide_encoding(head: bytes) -> str:
    """UTF-16 without a mark; raises for anything else that is full of zero bytes."""
    even = head[: len(head) // 2 * 2]
    guess = charset_normalizer.from_bytes(even, cp_isolation=list(_WIDE)).best() if even.strip(b"\0") else None
    if guess is not None and guess.encoding in _WIDE:
        return guess.encoding
    # Zero bytes beside ASCII are high bytes: the odd ones in little endian.
    odd_share = even[1::2].count(0) - even[0::2].count(0)
    encoding = "utf_16_le" if odd_share > 0 else "utf_16_be"
    text = even.decode(encoding, errors="replace")
    if not even.strip(b"\0") or "\0" in text or not any(mark in text for mark in _DELIMITERS):
        raise NotText("the file is full of NUL bytes")
    return encoding


def _narrow_encoding(open_file: OpenFile) -> str:
    """UTF-8 if all bytes are, else whichever of UTF-8 and GB18030 reads more of the lines that are not ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        with open_file() as raw:
            while block := raw.read(BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    readable = {"utf-8": 0, "gb18030": 0}
    with open_file() as raw:
        while line := raw.readline(BLOCK_BYTES):
            if line.isascii():
                continue
            for encoding in readable:
                readable[encoding] += _is_readable(line, encoding)
    # Text in GBK is hardly ever valid UTF-8 by chance, while text in UTF-8 often is valid GBK.
    return "utf-8" if readable["utf-8"] * 2 > readable["gb18030"] else "gb18030"


def _is_readable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _delimiters(text: str) -> tuple[str, ...]:
    """The delimiters of the head, that first which splits a line into most cells; a comma when there is none."""
    lines = text.splitlines()[:200]
    most = {mark: max((line.count(mark) for line in lines), default=0) for mark in _DELIMITERS}
    ranked = sorted(_DELIMITERS, key=lambda mark: -most[mark])
    return tuple(mark for mark in ranked if most[mark]) or (",",)


def _lines(text: io.TextIOWrapper) -> Iterator[tuple[str, str]]:
    """Lines with their problem; of a line that is too long only the beginning is kept."""
    while line := text.readline(LONGEST_LINE):
        problem = ""
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            problem = TOO_LONG
            while (rest := text.readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
                pass
            line = line[:100]
        yield line.rstrip("\r\n"), problem


def _records(lines: Iterator[tuple[str, str]], delimiter: str) -> Iterator[Record]:
    source = _Lookahead(lines)
    number = 1
    while (line := source.next()) is not None:
        record = _record(source, line, number, delimiter)
        yield record
        number += record.lines


class _Lookahead:
    """Lines that can be given back: a quote that is never closed must not swallow the lines behind it."""

    def __init__(self, lines: Iterator[tuple[str, str]]):
        self._lines = lines
        self._returned: deque[tuple[str, str]] = deque()

    def next(self) -> tuple[str, str] | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def give_back(self, lines: list[tuple[str, str]]) -> None:
        self._returned.extendleft(reversed(lines))


def _record(source: _Lookahead, line: tuple[str, str], number: int, delimiter: str) -> Record:
    text, problem = line
    if problem:
        return Record(number, [text], problem)
    if text.startswith(BACKTICK) and f'"{BACKTICK}' not in text:
        record = Record(number, _bill_cells(text, delimiter))
    elif '"' not in text:
        record = Record(number, list(text.split(delimiter)))
    else:
        record = _quoted(source, text, number, delimiter)
    # One look at the line spares one at each cell.
    return record if record.lines == 1 and _is_sound(text) else _checked(record)


def _is_sound(text: str) -> bool:
    return len(text) <= LONGEST_CELL and "\0" not in text and (text.isascii() or _DAMAGED.search(text) is None)


def _bill_cells(line: str, delimiter: str) -> list[Cell]:
    """Cells of a bill: each opens with a backtick, so a comma before anything else belongs to a name."""
    first, *rest = line.split(f"{delimiter}{BACKTICK}")
    cells = [first, *(BACKTICK + cell for cell in rest)]
    # Commas at the end of the line open no cells that say anything; a spreadsheet pads short lines with them.
    cells[-1] = cells[-1].rstrip(delimiter)
    return list(cells)


def _quoted(source: _Lookahead, text: str, number: int, delimiter: str) -> Record:
    taken: list[tuple[str, str]] = []
    whole = text
    cells = _cells(whole, delimiter)
    while cells is None:
        line = source.next()
        if line is not None:
            taken.append(line)
            whole = f"{whole}\n{line[0]}"
        is_end = line is None or line[1] or len(taken) >= LONGEST_RECORD_LINES or len(whole) > LONGEST_CELL
        # Within quotes, only a line with an odd number of them can close the cell.
        if line is not None and not line[1] and line[0].count('"') % 2:
            cells = _cells(whole, delimiter)
        if cells is None and is_end:
            source.give_back(taken)
            return Record(number, list(text.split(delimiter)), UNCLOSED_QUOTE)
    return Record(number, cells, lines=1 + len(taken))


def _cells(text: str, delimiter: str) -> list[Cell] | None:
    """Cells of a record with quotes; `None` if a quote is still open at its end."""
    lines = [f"{line}\n" for line in text.split("\n")] if "\n" in text else (text,)
    try:
        return list(next(csv.reader(lines, delimiter=delimiter, strict=True)))
    except StopIteration:
        return [""]
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
    # A quote in the middle of a quoted cell: read as spreadsheets do.
    try:
        return list(next(csv.reader(lines, delimiter=delimiter)))
    except csv.Error:
        return [text]


def _checked(record: Record) -> Record:
    """The record, with a problem if a cell is damaged, holds NULs or is too long."""
    problem = record.problem
    for cell in record.cells:
        if not cell.isascii() and _DAMAGED.search(cell):
            problem = UNDECODABLE
        elif "\0" in cell:
            problem = NUL_BYTES
        elif len(cell) > LONGEST_CELL:
            problem = TOO_LONG
    if problem == record.problem:
        return record
    return Record(record.number, [cell[:100] for cell in record.cells], problem, record.lines)
