"""Which layout a table has, told by its header row, and which come nearest when none fits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi.ingest.delimited import Record
from kpi.ingest.headers import Header, flattened, headers
from kpi.ingest.rows import Nearest, Unrecognised, named
from kpi.ingest.table_layouts import Match, TableLayout, hold
from kpi.ingest.workbooks import Range

MOST_COLUMNS = 16_384  # of a spreadsheet
EXTRA = 30  # unknown columns that are named of a table nobody knows


@dataclass(frozen=True)
class Found:
    """A layout and the place of its header.

    Attributes:
        match: the layout held against the header.
        header_index: position of the header's first row among the records.
        header_rows: 1 or 2.
    """

    match: Match
    header_index: int
    header_rows: int

    @property
    def layout(self) -> TableLayout:
        """The layout that fits."""
        return self.match.layout


def recognise(rows: Sequence[Record], layouts: Sequence[TableLayout], merged: Sequence[Range] = ()) -> Found | None:
    """The layout of a table, or None.

    The first row that fits a layout alone or with the row below it is the header, or the row below it, whichever leaves
    fewer columns unexplained. Of several layouts that one wins which leaves the fewest columns unexplained and
    then explains the most; two exports that do so alike leave the table unrecognised.

    Args:
        rows: the first records of the table.
        layouts: all of them; trailers are left aside.
        merged: merged ranges of the sheet.
    """
    heads = [layout for layout in layouts if not layout.trailer]
    for index in range(len(rows)):
        found = list(_fitting(rows, index, heads, merged))
        if found:
            found += [other for other in _fitting(rows, index + 1, heads, merged) if other.header_rows == 1]
            found.sort(key=lambda one: (one.match.rank, one.header_rows, one.header_index))
            first, *others = found
            rivals = [one for one in others if one.match.rank == first.match.rank]
            is_clear = all(one.layout.contract.export == first.layout.contract.export for one in rivals)
            return first if is_clear else None
    return None


def _fitting(
    rows: Sequence[Record], index: int, layouts: Sequence[TableLayout], merged: Sequence[Range]
) -> Iterator[Found]:
    for header_rows, columns in _candidates(rows, index, merged):
        names = _names(columns)
        for layout in layouts:
            if layout.lacks(names):
                continue
            match, missing = hold(layout, columns)
            if not missing:
                yield Found(match, index, header_rows)


def _candidates(rows: Sequence[Record], index: int, merged: Sequence[Range]) -> Iterator[tuple[int, list[Header]]]:
    if index >= len(rows) or rows[index].problem or not any(rows[index].cells) or len(rows[index].cells) > MOST_COLUMNS:
        return
    yield 1, headers(rows[index].cells)
    if index + 1 < len(rows) and not rows[index + 1].problem and any(rows[index + 1].cells):
        row = rows[index].number - 1
        covered = {column for top, left, _, right in merged if top == row for column in range(left + 1, right + 1)}
        is_merged = [column in covered for column in range(len(rows[index].cells))] if merged else []
        yield 2, flattened(rows[index].cells, rows[index + 1].cells, is_merged)


def _names(columns: Sequence[Header]) -> frozenset[str]:
    return frozenset(name for header in columns for name in header.names if name)


def nearest(tables: Sequence[Sequence[Record]], layouts: Sequence[TableLayout]) -> Unrecognised:
    """Why a file of tables was not recognised: the layouts that come nearest, with what they miss and do not know.

    Only headers are named, and only those of a row that shares a required header with a layout: any other row may be
    data.
    """
    scored = []
    candidates = [
        (_names(columns), columns)
        for rows in tables
        for index in range(len(rows))
        for _, columns in _candidates(rows, index, ())
    ]
    for layout in layouts:
        lacking = [(layout.lacks(names) / len(layout.accepts), columns) for names, columns in candidates]
        share, columns = min(lacking, key=lambda entry: entry[0], default=(1.0, []))
        if share < 1:
            match, missing = hold(layout, columns)
            extra = tuple(named(match.headers[position].given) for position in match.unknown[:EXTRA])
            if (more := len(match.unknown) - EXTRA) > 0:
                extra += (f"… ({more})",)
            scored.append((share, len(match.unknown), Nearest(layout.contract.export, layout.name, missing, extra)))
    scored.sort(key=lambda entry: entry[:2])
    if not scored:
        return Unrecognised("no header row of a known export in the first 60 rows. 前 60 行里没有认识的表头。")
    if not scored[0][2].missing:
        return Unrecognised(
            "several exports fit alike. 多个导出的表头同样符合，无法判断。", tuple(entry[2] for entry in scored[:3])
        )
    message = "the header is near to a known one, see the columns that differ. 表头与已知的导出相近，但有列不符。"
    return Unrecognised(message, tuple(entry[2] for entry in scored[:3]))
