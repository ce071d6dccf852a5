"""Landed values that the models will set aside: counted and named, by whole batches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from kpi.ingest.rows import Doubt, hidden

if TYPE_CHECKING:
    from kpi.contracts import Column, Contract

SHOWN = 20
"""Values of a column that are named; the others are counted together."""
OTHERS = "…"

_NUMBER = r"^[¥￥]?-?[0-9][0-9,]*"
_SIGN = r"[%秒]?$"  # 28.64% and 356秒 are how some exports write every number of a column
_SHORTENED = ("shortened by a spreadsheet, its last digits are lost", r"^[0-9](\.[0-9]+)?[eE]\+[0-9]+$")
_EPOCH = r"^(12[6-9]|1[3-9][0-9]|[23][0-9][0-9])[0-9]{7}"
_DATE = r"^(20[0-9]{2})[-/](0?[1-9]|1[0-2])[-/](0?[1-9]|[12][0-9]|3[01])"
_TIMES = {
    "epoch_s": ("no epoch seconds", _EPOCH + r"(\.0*)?$|^0$"),
    "epoch_ms": ("no epoch milliseconds", _EPOCH + r"[0-9]{3}(\.0*)?$"),
    "local_date": ("no date", _DATE),
    "local_chinese": ("no time", r"^20[0-9]{2}年[0-9]{1,2}月[0-9]{1,2}日"),
}
_LOCAL = ("no time", _DATE + r"[ T]+[0-9]{1,2}[:：][0-9]{2}([:：][0-9]{2})?$|" + _DATE + "$")
_LONG_NUMBER = re.compile(r"[0-9]{7}")
_WORDS = r"^[^0-9]+$"
_NUMBERS = r"\b1[3-9][0-9]{9}\b|\b[1-9][0-9]{5}(19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9Xx]\b"
_MASKED = "a phone or identity card number in a text, masked"
MASKED = "1…"
_PHONE = r"^(\+?86)?[ -]?1[3-9][0-9]{9}(\.0)?$"


def pattern_of(column: Column, contract: Contract) -> tuple[str, str] | None:
    """What is wrong with a value that does not match, and the pattern it should match; None where any value will do."""
    if column.type == "integer":
        return "no whole number", _NUMBER + r"(\.0*)?" + _SIGN
    if column.type == "decimal":
        return "no number", _NUMBER + r"(\.[0-9]{1,6}0*)?" + _SIGN
    if column.type == "money":
        if contract.money_unit == "fen":
            return "no whole number of fen", _NUMBER + r"(\.0*)?$"
        return "no amount in yuan", _NUMBER + r"(\.[0-9]{1,2}0*)?$"
    if column.type == "date":
        return "no date", _DATE
    if column.type == "time":
        return _TIMES.get(contract.time_unit, _LOCAL)
    return None


Check = Callable[[pa.Array, "Column"], pa.Array]


class Doubts:
    """Collects them over the batches of one file."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], Doubt] = {}

    def look(self, contract: Contract, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Check every column of a batch that has a form or a closed list of codes.

        Returns:
            The batch, without words and phone numbers where a number or time belongs: cells of a row that has slipped
            may be a name, and staging will set them aside whatever they are. In texts, phone and identity card numbers
            are masked.
        """
        for at, column in enumerate(contract.columns):
            pattern = pattern_of(column, contract)
            if pattern:
                batch = _without_persons(contract, batch, at)
            elif column.type in ("text", "code"):
                batch = self._without_numbers(contract, batch, at)
            if column.closed and column.values:
                self._note(contract, column, batch, "not one of the known codes", _not_listed)
            elif column.type == "id":
                self._note(contract, column, batch, _SHORTENED[0], lambda cells, _: _like(cells, _SHORTENED[1]))
            elif pattern:
                self._note(contract, column, batch, pattern[0], lambda cells, _c, p=pattern[1]: _not_like(cells, p))
        return batch

    def _without_numbers(self, contract: Contract, batch: pa.RecordBatch, at: int) -> pa.RecordBatch:
        """The batch with phone and identity card numbers masked in a column of free text; the rows are named."""
        cells = batch.column(at)
        found = _like(cells, _NUMBERS)
        if not pc.any(found).as_py():
            return batch
        rows = batch.column("_source_row").filter(found)
        self._add(contract.export, contract.columns[at].name, MASKED, _MASKED, len(rows), int(rows[0].as_py()))
        masked = pc.replace_substring_regex(cells, _NUMBERS, MASKED)
        return batch.set_column(at, batch.schema.field(at), masked)

    def all(self) -> list[Doubt]:
        """What was found, the most frequent first."""
        return sorted(self._found.values(), key=lambda doubt: (-doubt.count, doubt.export, doubt.column, doubt.value))

    def _note(self, contract: Contract, column: Column, batch: pa.RecordBatch, reason: str, is_wrong: Check) -> None:
        cells = pc.utf8_trim_whitespace(batch.column(column.name))
        if contract.cell_prefix:
            cells = pc.utf8_ltrim(cells, characters=contract.cell_prefix)
        known = pa.array([*contract.null_likes, ""], pa.string())
        wrong = pc.and_(is_wrong(cells, column), pc.invert(pc.is_in(cells, known)))
        if not pc.any(wrong).as_py():
            return
        values = cells.filter(wrong)
        rows = batch.column("_source_row").filter(wrong)
        counts = values.value_counts()
        for entry in counts[:SHOWN]:
            value, count = entry["values"].as_py(), entry["counts"].as_py()
            row = int(rows[pc.index(values, value).as_py()].as_py())
            self._add(contract.export, column.name, shown(value), reason, count, row)
        if rest := pc.sum(counts[SHOWN:].field("counts")).as_py() if len(counts) > SHOWN else 0:
            self._add(contract.export, column.name, OTHERS, reason, rest, int(rows[0].as_py()))

    def _add(self, export: str, column: str, value: str, reason: str, count: int, row: int) -> None:
        place = (export, column, value, reason)
        if place not in self._found and sum(key[:2] == place[:2] for key in self._found) >= SHOWN:
            place = (export, column, OTHERS, reason)
        known = self._found.setdefault(place, Doubt(export, column, place[2], reason, 0, row))
        known.count += count
        known.first_row = min(known.first_row, row)


def _without_persons(contract: Contract, batch: pa.RecordBatch, at: int) -> pa.RecordBatch:
    """The batch with words and phone numbers hidden in a column of numbers or times; what means nothing stays."""
    cells = pc.utf8_trim_whitespace(batch.column(at))
    known = pa.array([*contract.null_likes, contract.cell_prefix or "", ""], pa.string())
    words = pc.and_(_like(cells, _WORDS), pc.invert(pc.is_in(cells, known)))
    personal = pc.or_(words, _like(cells, _PHONE))
    if not pc.any(personal).as_py():
        return batch
    kept = [
        hidden(cell) if hide else cell
        for cell, hide in zip(batch.column(at).to_pylist(), personal.to_pylist(), strict=True)
    ]
    return batch.set_column(at, batch.schema.field(at), pa.array(kept, pa.string()))


def shown(value: str) -> str:
    """A value of a column that holds no persons; cut, and hidden where it might be a phone number in a wrong column."""
    return hidden(value) if _LONG_NUMBER.search(value) else value[:40]


def _not_listed(cells: pa.Array, column: Column) -> pa.Array:
    return pc.invert(pc.is_in(cells, pa.array(column.values, pa.string())))


def _like(cells: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(cells, pattern)


def _not_like(cells: pa.Array, pattern: str) -> pa.Array:
    return pc.invert(_like(cells, pattern))
