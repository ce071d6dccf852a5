"""From the cells of one record to the cells of one landed row: which column stands where, and what converts it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kpi.contracts import Column, Contract
from kpi.ingest import cells as reading
from kpi.ingest import convert
from kpi.ingest.cells import Cell
from kpi.ingest.convert import Converted
from kpi.ingest.table_layouts import Match, TableLayout

Converter = Callable[[Cell], Converted]

# A number in a free text by which somebody can be rung up.
_PHONE_INSIDE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[\w.+-]+@[\w-]+\.[\w.]+")
_PAREN = re.compile(r"\(([^()]+)\)$|[:：—_]([^:：—_]+)$")


def converter(contract: Contract, column: Column, unit: str, is_1904: bool) -> Converter:
    """What brings a cell of this column to the form of the export.

    Args:
        contract: of the export.
        column: landed.
        unit: of the file, one of ``table_layouts.UNITS``; blank where it is that of the export.
        is_1904: whether serial dates of the workbook count from 1904.
    """
    if unit == "duration":
        return lambda cell: convert.seconds(cell, "秒")
    if unit == "fraction":
        return lambda cell: convert.percent(cell, fraction=True, of_fraction=not isinstance(cell, str))
    if unit == "percent":
        return _percent_points
    match column.type:
        case "money":
            return lambda cell: convert.money(cell, unit or contract.money_unit, contract.money_unit)
        case "integer" | "decimal":
            return lambda cell: convert.number(cell, 10_000 if unit == "wan" else 1)
        case "time":
            return lambda cell: convert.moment(cell, contract.time_unit, column.form, is_1904=is_1904)
        case "date":
            return lambda cell: convert.moment(cell, "local_date", column.form, is_1904=is_1904)
        case "id":
            return convert.identifier
    return convert.plain


def _percent_points(cell: Cell) -> Converted:
    """A percent cell of a workbook is a fraction; a text is what it says."""
    if isinstance(cell, str):
        return Converted(cell)
    points = reading.read_number(cell)
    return (
        Converted(reading.cell_text(cell), convert.NOT_A_NUMBER)
        if points is None
        else Converted(f"{points * 100:.2f}%")
    )


@dataclass(frozen=True)
class _Plan:
    """How one landed column is filled: from a position, or with a text that the whole table shares."""

    position: int | None
    text: str | None
    convert: Converter
    values: dict[str, str]

    def cell(self, cells: Sequence[Cell], null_likes: frozenset[str]) -> str | None:
        if self.position is None or self.position >= len(cells):
            return self.text
        cell = cells[self.position]
        if cell == "" or cell is None:
            return None
        if self.values:
            text = reading.cell_text(cell)
            if (mapped := self.values.get(text.strip())) is not None:
                return mapped
        if isinstance(cell, str) and reading.is_null(cell, null_likes):
            return cell
        return self.convert(cell).text


class RowMaker:
    """Makes landed rows of the records of one table.

    Args:
        match: the layout and where its columns stand.
        given: landed column -> text, from outside the columns.
        is_1904: whether serial dates count from 1904.
    """

    def __init__(self, match: Match, given: dict[str, str], is_1904: bool) -> None:
        layout, contract = match.layout, match.layout.contract
        self._null_likes = frozenset(contract.null_likes)
        self._plans = [_plan(match, column, given.get(column.name), is_1904) for column in contract.columns]
        self._questions = _questions(match)
        self._value = contract.column_names.index(layout.unpivot.value) if layout.unpivot else 0
        self._key = contract.column_names.index(layout.unpivot.key) if layout.unpivot else 0

    @property
    def is_unpivot(self) -> bool:
        """Whether a record becomes one row per question."""
        return bool(self._questions)

    def rows(self, cells: Sequence[Cell]) -> Iterator[list[str | list[str] | None]]:
        """The rows of a record, one cell per column of the contract; of an unpivoted table one row per question."""
        row: list[str | list[str] | None] = [plan.cell(cells, self._null_likes) for plan in self._plans]
        if not self._questions:
            yield row
            return
        for position, key in self._questions:
            answer = list(row)
            answer[self._key] = key
            plan = self._plans[self._value]
            answer[self._value] = _Plan(position, None, plan.convert, plan.values).cell(cells, self._null_likes)
            yield answer

    def names_somebody(self, row: Sequence[object]) -> bool:
        """Whether an answer holds a phone number or an e-mail address."""
        value = row[self._value]
        return bool(self._questions) and isinstance(value, str) and _PHONE_INSIDE.search(value) is not None

    def without_value(self, row: list[str | list[str] | None]) -> list[str | list[str] | None]:
        """The row with a blank answer."""
        return [None if index == self._value else cell for index, cell in enumerate(row)]


def _plan(match: Match, column: Column, given: str | None, is_1904: bool) -> _Plan:
    layout = match.layout
    position = match.position(column.name)
    unit = layout.units.get(column.name, "")
    if position is not None:
        unit = _unit(layout, column, unit, match.headers[position].unit)
    values = dict(layout.values.get(column.name, {}))
    return _Plan(position, given, converter(layout.contract, column, unit, is_1904), values)


def _unit(layout: TableLayout, column: Column, unit: str, written: str) -> str:
    """The unit of a column: what the layout says, or else the header; `(万)` multiplies either."""
    if column.type == "money":
        base = unit or ("" if written == "wan" else written) or layout.contract.money_unit
        return "wan" if written == "wan" and base == "yuan" else base
    return unit or ("wan" if written == "wan" else "")


def _questions(match: Match) -> list[tuple[int, str]]:
    """Positions and keys of the columns that become rows; those that ask for a person's data are left out."""
    unpivot = match.layout.unpivot
    if unpivot is None:
        return []
    found = []
    for position in match.questions:
        header = match.headers[position]
        question = match.layout.question(header)
        if question and not unpivot.personal.search(header.name):
            found.append((position, question["number"], header.name))
    numbers = [number for _, number, _ in found]
    keys = []
    for position, number, name in found:
        key = unpivot.form.format(number=int(number))
        if numbers.count(number) > 1:
            # Several columns of one question: its options, each under its own name.
            option = _PAREN.search(name)
            key = f"{key}({next(filter(None, option.groups())) if option else len(keys) + 1})"
        keys.append((position, key))
    return keys
