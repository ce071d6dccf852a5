"""Conversion of one cell to the form in which its export is landed.

A cell stays as it stands where the export's form permits it: staging reads `¥1,234.50` and `2025/11/1` by itself. It is
converted where the file writes it differently (another unit, another spelling). What cannot be read lands
unchanged with a doubt, and is never repaired by a guess.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from kpi.ingest import cells
from kpi.ingest.cells import Cell

# Doubts: why the models will set a landed cell aside. Keys of operator messages, never with a value in them.
NOT_A_NUMBER = "not a number"
NOT_A_TIME = "not a time"
NO_TIME_OF_DAY = "a day without a time of day"
ROUNDED = "shortened by a spreadsheet, last digits lost"
NOT_EXACT = "a fraction of a fen"
UNKNOWN_CODE = "a value outside the contract's list"

FORMS = {
    "local_date": ("YYYY-MM-DD",),
    "local_minute": ("YYYY-MM-DD HH:mm",),
    "local_second": ("YYYY-MM-DD HH:mm:ss",),
    "local_datetime": ("YYYY-MM-DD HH:mm:ss",),
    "local_chinese": ("YYYY年MM月DD日HH时mm分ss秒",),
}
"""How an export writes a time unless its column says otherwise; the first form is what a date cell becomes."""

_TOKENS = re.compile(r"YYYY|MM|M|DD|D|HH|H|mm|ss")
_PARTS = {"Y": "year", "M": "month", "D": "day", "H": "hour", "m": "minute", "s": "second"}
# What staging reads: yen signs and thousands separators, but no units behind and no full-width digits.
_PLAIN_NUMBER = re.compile(r"\s*`?\s*[-+]?[¥￥]?[-+]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?\s*", re.ASCII)
_WHOLE = re.compile(r"[0-9]+")
# Up to 15 digits a float is exact.
_FLOATED = re.compile(r"([0-9]{1,15})\.0")


class Converted(NamedTuple):
    """A landed cell: its text, and a doubt (one of this module's constants) or nothing."""

    text: str
    doubt: str = ""


def money(cell: Cell, unit: str, export_unit: str) -> Converted:
    """Money from `unit` (`yuan`, `fen`, or `wan`: ten thousands of yuan) in the unit of the export, exact.

    The same unit and a writing that staging reads: the cell stays. Fen that are no whole number are a doubt.
    """
    if unit == export_unit:
        return _yuan_cell(cell) if export_unit == "yuan" else number(cell)
    amount = cells.read_number(cell)
    if amount is None:
        return _unread(cell, NOT_A_NUMBER)
    fen = amount * {"fen": 1, "yuan": 100, "wan": 1_000_000}[unit]
    if fen != int(fen):
        return Converted(cells.cell_text(cell), NOT_EXACT)
    return Converted(_like(cell, str(int(fen)) if export_unit == "fen" else f"{fen / 100:.2f}"))


def _yuan_cell(cell: Cell) -> Converted:
    """Yuan in yuan; a number cell of a workbook, which has no spelling of its own, is written with two decimals."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        amount = cells.read_number(cell)
        if amount is not None and amount * 100 == int(amount * 100):
            return Converted(f"{amount:.2f}")
    return number(cell)


def number(cell: Cell, factor: int = 1) -> Converted:
    """A number, `factor` times what the cell says (10000 under a header with `（万）`)."""
    text = cells.cell_text(cell)
    if factor == 1 and (_PLAIN_NUMBER.fullmatch(text) or (text and _is_signed_small(text))):
        return Converted(text)
    amount = cells.read_number(cell)
    if amount is None:
        return _unread(cell, NOT_A_NUMBER)
    return Converted(_like(cell, _plain(amount * factor)))


def _is_signed_small(text: str) -> bool:
    return text.strip() == text and re.fullmatch(r"-?\.\d+", text, re.ASCII) is not None


def percent(cell: Cell, *, fraction: bool = False, of_fraction: bool = False) -> Converted:
    """A share. Exports in percent points keep `28.64%`; with `fraction` they want 0 to 1.

    `of_fraction` says that the file writes 0 to 1 itself; a percent sign in the cell always counts.
    """
    text = cells.normalise(cells.cell_text(cell))
    is_points = text.endswith("%") or not of_fraction
    amount = cells.read_percent(cell)
    if amount is None:
        return _unread(cell, NOT_A_NUMBER)
    if is_points != fraction:
        return Converted(cells.cell_text(cell))
    return Converted(_plain(amount / 100 if fraction else amount * 100))


def seconds(cell: Cell, suffix: str = "") -> Converted:
    """A length of time in seconds with the export's suffix (`秒` or none)."""
    text = cells.cell_text(cell)
    if suffix and re.fullmatch(rf"[0-9]+(\.[0-9]+)?{suffix}", text):
        return Converted(text)
    amount = cells.read_seconds(cell)
    return _unread(cell, NOT_A_NUMBER) if amount is None else Converted(_plain(amount) + suffix)


def moment(cell: Cell, time_unit: str, forms: Sequence[str] = (), *, is_1904: bool = False) -> Converted:
    """A time in the form of the export: epoch digits, or local text in one of `forms` (default: that of the unit).

    Args:
        cell: as the reader gave it.
        time_unit: the contract's, such as `epoch_ms` or `local_date`.
        forms: writings that staging reads, in `YYYY MM M DD D HH H mm ss`; the first is used for what is converted.
        is_1904: whether serial numbers of this workbook count from 1904.
    """
    text = cells.cell_text(cell)
    if time_unit in ("epoch_s", "epoch_ms"):
        return _epoch(cell, 10 if time_unit == "epoch_s" else 13, is_1904)
    forms = tuple(forms) or FORMS[time_unit]
    if isinstance(cell, str) and any(_is_written(text.strip().removeprefix("`"), form) for form in forms):
        return Converted(text)
    found = cells.read_moment(cell, is_1904=is_1904)
    if found is None:
        return _unread(cell, NOT_A_TIME)
    if "HH" in forms[0] and not found.has_clock:
        return Converted(text, NO_TIME_OF_DAY)
    return Converted(_like(cell, write(found.at, forms[0])))


def _epoch(cell: Cell, digits: int, is_1904: bool) -> Converted:
    text = cells.cell_text(cell)
    found = cells.read_moment(cell, is_1904=is_1904)
    if found is None:
        return _unread(cell, NOT_A_TIME)
    if _WHOLE.fullmatch(text.strip()) and len(text.strip()) == digits:
        return Converted(text)
    epoch = int((found.at - cells.SHANGHAI - datetime(1970, 1, 1)) / timedelta(milliseconds=1))
    if _WHOLE.fullmatch(text.strip()) and len(text.strip()) == 13:
        epoch = int(text)
    return Converted(str(epoch // 1000 if digits == 10 else epoch))


def write(at: datetime, form: str) -> str:
    """A time in a form of `YYYY MM M DD D HH H mm ss`."""

    def part(token: re.Match[str]) -> str:
        value = getattr(at, _PARTS[token.group()[0]])
        return str(value).zfill(len(token.group()))

    return _TOKENS.sub(part, form)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    # strptime, with which staging reads, takes one digit for two.
    return re.compile(
        _TOKENS.sub(
            lambda token: f"(?P<{_PARTS[token.group()[0]]}>\\d{{{4 if token.group() == 'YYYY' else '1,2'}}})", form
        )
    )


def _is_written(text: str, form: str) -> bool:
    found = _pattern(form).fullmatch(text)
    if found is None:
        return False
    try:
        at = datetime(**{name: int(value) for name, value in found.groupdict().items()})
    except ValueError:
        return False
    return cells.EARLIEST <= at < cells.LATEST


def code(cell: Cell, values: Sequence[str], *, closed: bool) -> Converted:
    """A code as it stands; outside a closed list it is a doubt."""
    text = cells.cell_text(cell)
    if closed and values and text.strip().removeprefix("`") not in values:
        return Converted(text, UNKNOWN_CODE)
    return Converted(text)


def plain(cell: Cell) -> Converted:
    """A text as it stands; a number that has lost digits is a doubt."""
    return Converted(cells.cell_text(cell), ROUNDED if cells.is_rounded(cell) else "")


def identifier(cell: Cell) -> Converted:
    """An id as it stands, without the `.0` that a program for statistics hangs on (`9100000001.0`)."""
    text = cells.cell_text(cell)
    if floated := _FLOATED.fullmatch(text.strip()):
        return Converted(floated[1])
    return plain(cell)


def _unread(cell: Cell, doubt: str) -> Converted:
    return Converted(cells.cell_text(cell), ROUNDED if cells.is_rounded(cell) else doubt)


def _like(cell: Cell, text: str) -> str:
    """The text with the backtick that the cell had, for staging expects bills to have it."""
    return f"`{text}" if isinstance(cell, str) and cell.strip().startswith("`") else text


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text and amount == int(amount) else text
