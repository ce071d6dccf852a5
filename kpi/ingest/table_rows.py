"""From the cells of one record to the cells of one landed row: which column stands where, and what converts it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from kpi.contracts import Column, Contract
from kpi.ingest import cells as reading
from kpi.ingest import convert
from kpi.ingest.cells import Cell
from kpi.ingest.table_layouts import Match, TableLayout

Converter = Callable[[Cell], str]

_REMEMBERED = 10_000
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
        return convert.fraction
    if unit == "percent":
        return convert.percent
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
    return reading.cell_text


class _Plan:
    """How one landed column is filled: from a position, or with a text that the whole table shares.

    Args:
        position: of the column in the file, if it has one.
        given: the shared text, if there is one.
        convert: brings a cell to the export's form.
        values: cell -> landed text, before anything else.
        null_likes: cells that mean nothing and stay as they stand.
    """

    def __init__(
        self,
        position: int | None,
        given: str | None,
        convert: Converter,
        values: Mapping[str, str],
        null_likes: frozenset[str],
    ) -> None:
        self._position = position
        self._given = given
        self._convert = convert
        self._values = values
        self._null_likes = null_likes
        self._keeps_text = convert is reading.cell_text and not values
        self._known: dict[str, str] = {}

    def at(self, position: int) -> _Plan:
        """The same for a cell elsewhere."""
        return _Plan(position, None, self._convert, self._values, self._null_likes)

    def cell(self, cells: Sequence[Cell]) -> str | None:
        """The landed cell of a record; None for blank."""
        if self._position is None or self._position >= len(cells):
            return self._given
        cell = cells[self._position]
        if cell == "" or cell is None:
            return None
        if not isinstance(cell, str):
            return self._text(cell)
        if cell[0] in reading.WRAPPINGS or cell[-1] in reading.WRAPPINGS:
            cell = reading.unwrapped(cell)
            if not cell:
                return None
        if self._keeps_text:
            return cell
        # Codes, amounts and days repeat; to look one up is cheaper than to read it again.
        text = self._known.get(cell)
        if text is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            text = self._known[cell] = self._text(cell)
        return text

    def _text(self, cell: Cell) -> str:
        if self._values and (text := self._values.get(reading.cell_text(cell).strip())) is not None:
            return text
        if isinstance(cell, str) and reading.is_null(cell, self._null_likes):
            return cell
        return self._convert(cell)


class RowMaker:
    """Makes landed rows of the records of one table.

    Args:
        match: the layout and where its columns stand.
        given: landed column -> text, from outside the columns.
        is_1904: whether serial dates count from 1904.
    """

    def __init__(self, match: Match, given: Mapping[str, str], is_1904: bool) -> None:
        contract, unpivot = match.layout.contract, match.layout.unpivot
        names = contract.column_names
        self.is_unpivot = unpivot is not None
        self._plans = [_plan(match, column, given.get(column.name), is_1904) for column in contract.columns]
        self._key, self._value = (names.index(unpivot.key), names.index(unpivot.value)) if unpivot else (0, 0)
        self._questions = [(self._plans[self._value].at(position), key) for position, key in _questions(match)]

    def rows(self, cells: Sequence[Cell]) -> list[list[str | list[str] | None]]:
        """The rows of a record, one cell per column of the contract; of an unpivoted table one row per question."""
        row: list[str | list[str] | None] = [plan.cell(cells) for plan in self._plans]
        if not self.is_unpivot:
            return [row]
        answers = []
        for plan, key in self._questions:
            answer = list(row)
            answer[self._key], answer[self._value] = key, plan.cell(cells)
            answers.append(answer)
        return answers

    def names_somebody(self, row: Sequence[object]) -> bool:
        """Whether an answer holds a phone number or an e-mail address."""
        value = row[self._value]
        return self.is_unpivot and isinstance(value, str) and _PHONE_INSIDE.search(value) is not None

    def without_value(self, row: list[str | list[str] | None]) -> list[str | list[str] | None]:
        """The row with a blank answer."""
        return [None if index == self._value else cell for index, cell in enumerate(row)]


def _plan(match: Match, column: Column, given: str | None, is_1904: bool) -> _Plan:
    layout = match.layout
    position = match.position(column.name)
    unit = layout.units.get(column.name, "")
    if position is not None:
        unit = _unit(layout, column, unit, match.headers[position].unit)
    change = converter(layout.contract, column, unit, is_1904)
    null_likes = frozenset(layout.contract.null_likes)
    return _Plan(position, given, change, layout.values.get(column.name, {}), null_likes)


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
