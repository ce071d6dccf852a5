"""The items of one table: each record is header, preamble, blank, total, ignored, rejected, or rows."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kpi.ingest.cells import Cell, cell_text, read_moment
from kpi.ingest.control import Control
from kpi.ingest.delimited import Record
from kpi.ingest.headers import headers, name_of
from kpi.ingest.recognise_tables import Found
from kpi.ingest.rows import Item, Rejected, Row, Skipped, named
from kpi.ingest.table_layouts import Match, TableLayout, hold
from kpi.ingest.table_rows import RowMaker
from kpi.ingest.workbooks import Range

# What people write under a table; such a row has nothing in the other columns.
_NOTE = re.compile(r"(注|备注|说明|制表人?|填表人?|审核人?|数据来源|导出人)[:：]")
_NOTE_CELLS = 2


@dataclass
class TableItems:
    """Makes the items of one table.

    Attributes:
        found: layout and place of the header.
        trailers: layouts that may stand behind the rows.
        file_name: for values that only the name of the file holds.
        sheet: name of the sheet, for the same reason.
        part: what the sheet adds to ``_source_file``.
        is_1904: whether serial dates count from 1904.
        merged: merged ranges of the sheet.
        layouts: titles in use, complete at the end.
        unknown_columns: (export, header) -> records with something there.
        control_differences: sentences.
    """

    found: Found
    trailers: Sequence[TableLayout]
    file_name: str = ""
    sheet: str = ""
    part: str = ""
    is_1904: bool = False
    merged: Sequence[Range] = ()
    layouts: list[str] = field(default_factory=list)
    unknown_columns: Counter[tuple[str, str]] = field(default_factory=Counter)
    control_differences: list[str] = field(default_factory=list)

    def items(self, records: Iterator[Record]) -> Iterator[Item]:
        """One item per record, in their order (blank rows and preamble one by one too)."""
        layout = self.found.layout
        self.layouts.append(layout.title)
        preamble = []
        for index, record in enumerate(records):
            last = self.found.header_index + self.found.header_rows - 1
            if index < self.found.header_index:
                if not is_blank(record.cells):
                    preamble.append(" ".join(filter(None, map(cell_text, record.cells))))
                yield Skipped("blank" if is_blank(record.cells) else "preamble")
            elif index <= last:
                yield Skipped("header")
            if index == last:
                break
        yield from self._body(records, preamble)

    def _body(self, records: Iterator[Record], preamble: list[str]) -> Iterator[Item]:
        layout, match = self.found.layout, self.found.match
        self._maker = RowMaker(match, self._given(layout, preamble), self.is_1904)
        self._exported_at = self._time_inside(layout, preamble)
        self._header = [header.name for header in match.headers]
        self._width = max((index + 1 for index, name in enumerate(self._header) if name), default=0)
        self._nameless = [index for index, name in enumerate(self._header) if not name]
        self._filling = _Filling(
            self.merged, [match.positions[name] for name in layout.fill if name in match.positions]
        )
        self._answers = 0
        trailers = [trailer for trailer in self.trailers if trailer.contract.export == layout.ends_with]
        control = Control(match, trailers)
        for record in records:
            if trailers and (trailer := self._trailer(record, trailers)):
                yield Skipped("header")
                yield from self._trailer_rows(trailer, records, control)
                # Behind the totals of one bill another may be pasted.
                control = Control(match, trailers)
                continue
            item = self._item(record)
            if not isinstance(item, Skipped):
                control.add(record.cells)
            yield item
            if isinstance(item, list) and self._maker.is_unpivot:
                yield from self._named(record)
        if layout.ends_with and control.rows:
            self.control_differences.append(
                f"{layout.name}: the totals at its end are missing: is the file whole? 缺少末尾汇总行。"
            )

    def _item(self, record: Record) -> Item:
        cells, match = record.cells, self.found.match
        export = match.layout.contract.export
        if record.problem:
            return self._rejected(record, *self._damage(record), record.problem)
        if is_blank(cells):
            return Skipped("blank")
        first = next(text for cell in cells if (text := cell_text(cell).strip()))
        if first.rstrip(":： ").lstrip("`") in match.layout.totals:
            return Skipped("total")
        if self._is_header(cells):
            return Skipped("header")
        if _NOTE.match(first) and sum(cell not in ("", None) for cell in cells) <= _NOTE_CELLS:
            return Skipped("ignored", 1, "a note under the table")
        if why := self._excluded(cells):
            return Skipped("ignored", 1, why)
        if len(cells) < self._width:
            return self._rejected(record, "", first, f"{len(cells)} cells, the header has {self._width}")
        if len(cells) > len(self._header) and not is_blank(cells[len(self._header) :]):
            return self._rejected(record, "", first, f"{len(cells)} cells, the header has {len(self._header)}")
        cells = self._filling.fill(record.number - 1, cells)
        self._count_unknown(cells)
        rows = [Row(export, number, row, self._exported_at, self.part) for number, row in self._rows(record, cells)]
        return rows or Skipped("ignored", 1, "no question that may land")

    def _rows(self, record: Record, cells: Sequence[Cell]) -> Iterator[tuple[int, list[str | list[str] | None]]]:
        for row in self._maker.rows(cells):
            if not self._maker.is_unpivot:
                yield record.number, row
                continue
            self._answers += 1
            yield self._answers, self._maker.without_value(row) if self._maker.names_somebody(row) else row

    def _named(self, record: Record) -> Iterator[Item]:
        """Answers that hold a phone number or an address landed blank; each is told."""
        match = self.found.match
        unpivot = match.layout.unpivot
        for row in self._maker.rows(record.cells):
            if unpivot and self._maker.names_somebody(row):
                yield Rejected(
                    record.number, match.layout.contract.export, unpivot.value, "", "an answer with a phone or e-mail",
                    self._exported_at, self.part, counts=False,
                )  # fmt: skip

    def _rejected(self, record: Record, column: str, value: str, reason: str) -> Rejected:
        value = value.encode("utf-8", "replace").decode("utf-8")
        export = self.found.layout.contract.export
        return Rejected(record.number, export, column, value, reason, self._exported_at, self.part)

    def _damage(self, record: Record) -> tuple[str, str]:
        """Column and value of the first damaged cell, if the record has as many cells as the header."""
        for header, cell in zip(self.found.match.headers, record.cells, strict=False):
            text = cell_text(cell)
            if "\0" in text or any("\udc80" <= character <= "\udcff" or character == "\ufffd" for character in text):
                return header.given, text
        return "", cell_text(record.cells[0]) if record.cells else ""

    def _is_header(self, cells: Sequence[Cell]) -> bool:
        """Whether the header stands here again, as in files pasted one below another."""
        if name_of(cells[0]) != self._header[0].removesuffix("_2"):
            return False
        names = [name_of(cell) for cell in cells[: len(self._header)]]
        return names == [name_of(header.given) for header in self.found.match.headers][: len(names)]

    def _excluded(self, cells: Sequence[Cell]) -> str:
        for name, words in self.found.layout.exclude.items():
            position = self.found.match.positions.get(name)
            if position is not None and position < len(cells):
                text = cell_text(cells[position]).strip()
                for word in words:
                    if text.startswith(word) or text.endswith(word):
                        return f"{name}: {word}"
        return ""

    def _count_unknown(self, cells: Sequence[Cell]) -> None:
        match = self.found.match
        export = match.layout.contract.export
        for position in match.unknown:
            if position < len(cells) and cells[position] not in ("", None):
                self.unknown_columns[export, named(match.headers[position].given)] += 1
        for position in self._nameless:
            if position < len(cells) and not is_blank(cells[position : position + 1]):
                self.unknown_columns[export, f"(column {position + 1}, without a name)"] += 1

    def _given(self, layout: TableLayout, preamble: list[str]) -> dict[str, str]:
        """Values that no column holds, by landed column."""
        values = {}
        for column, given in layout.given.items():
            sources = [(pattern, line) for pattern in given.preamble for line in preamble]
            sources += [(given.sheet, self.sheet)] if given.sheet else []
            sources += [(given.file_name, self.file_name)] if given.file_name else []
            found = next((hit for pattern, text in sources if (hit := pattern.search(text))), None)
            value = found[1] if found else given.constant
            if value is not None:
                values[column] = value
        return values

    def _time_inside(self, layout: TableLayout, preamble: list[str]) -> str | None:
        if layout.exported_at is None:
            return None
        found = next((hit for line in preamble if (hit := layout.exported_at.search(line))), None)
        moment = read_moment(found[1]) if found else None
        return moment.at.strftime("%Y-%m-%d %H:%M:%S") if moment else None

    def _trailer(self, record: Record, trailers: Sequence[TableLayout]) -> Match | None:
        first = record.cells[0] if record.cells else ""
        if record.problem or not isinstance(first, str) or first.startswith("`") or is_blank(record.cells):
            return None
        columns = headers(record.cells)
        names = frozenset(name for header in columns for name in header.names if name)
        for layout in trailers:
            if not layout.lacks(names):
                match, missing = hold(layout, columns)
                if not missing:
                    return match
        return None

    def _trailer_rows(self, match: Match, records: Iterator[Record], control: Control) -> Iterator[Item]:
        self.layouts.append(match.layout.title)
        export = match.layout.contract.export
        maker = RowMaker(match, {}, self.is_1904)
        has_totals = False
        for record in records:
            if is_blank(record.cells):
                yield Skipped("blank")
            elif not record.problem and self._is_header(record.cells):
                yield Skipped("header")
                return
            elif record.problem or has_totals or len(record.cells) < len(match.positions):
                cells = f"{len(record.cells)} cells, the header has {len(match.headers)}"
                reason = record.problem or ("stands behind the totals of the file" if has_totals else cells)
                yield self._rejected(record, *self._damage(record), reason)
            else:
                has_totals = True
                self.control_differences.extend(control.differences(match, record.cells))
                yield [
                    Row(export, record.number, row, self._exported_at, self.part) for row in maker.rows(record.cells)
                ]


class _Filling:
    """Gives the rows of a merged range its value, in the columns that want it."""

    def __init__(self, merged: Sequence[Range], positions: Sequence[int]) -> None:
        self._starts: dict[int, list[tuple[int, int, int]]] = {}
        self._active: dict[int, tuple[Cell, int]] = {}
        for top, left, bottom, right in merged:
            for position in positions:
                if left <= position <= right:
                    self._starts.setdefault(top, []).append((position, left, bottom))

    def fill(self, row: int, cells: list[Cell]) -> list[Cell]:
        """The cells of a row (from 0) with the values of the ranges that cover it."""
        for position, left, bottom in self._starts.get(row, ()):
            self._active[position] = (cells[left], bottom)
        if not self._active:
            return cells
        filled = list(cells)
        for position, (value, bottom) in list(self._active.items()):
            if row > bottom:
                del self._active[position]
            elif filled[position] in ("", None):
                filled[position] = value
        return filled


def is_blank(cells: Sequence[Cell]) -> bool:
    """Whether nothing but white space stands in the cells."""
    return not any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in cells)
