"""Conversion of one cell to the form in which its export is landed.

A cell stays as it stands where the export's form permits it: staging reads `¥1,234.50` and `2025/11/1` by itself. It is
converted where the file writes it differently (another unit, another spelling). What cannot be read lands unchanged and
is never repaired by a guess; that staging will set it aside is told by ``kpi.ingest.doubts``.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

from kpi.ingest import cells
from kpi.ingest.cells import Cell

FORMS = {
    "local_date": ("YYYY-MM-DD",),
    "local_minute": ("YYYY-MM-DD HH:mm",),
    "local_second": ("YYYY-MM-DD HH:mm:ss",),
    "local_datetime": ("YYYY-MM-DD HH:mm:ss",),
    "local_chinese": ("YYYY年MM月DD日HH时mm分ss秒",),
}
"""How an export writes a time unless its column says otherwise; the first form is what a date cell becomes."""

_FEN = {"fen": 1, "yuan": 100, "wan": 1_000_000}
_EPOCH_DIGITS = {"epoch_s": 10, "epoch_ms": 13}
_TOKENS = re.compile(r"YYYY|MM|M|DD|D|HH|H|mm|ss")
_PARTS = {"Y": "year", "M": "month", "D": "day", "H": "hour", "m": "minute", "s": "second"}
# What staging reads: yen signs and thousands separators, but no units behind and no full-width digits.
_PLAIN_NUMBER = re.compile(r"\s*`?\s*[-+]?[¥￥]?[-+]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?\s*", re.ASCII)
# Up to 15 digits a float is exact.
_APOSTROPHED = re.compile(r"'[0-9A-Za-z_-]+")
_FLOATED = re.compile(r"([0-9]{1,15})\.0")


def money(cell: Cell, unit: str, export_unit: str) -> str:
    """Money from `unit` (`yuan`, `fen`, or `wan`: ten thousands of yuan) in the unit of the export, exact.

    In the same unit a writing that staging reads stays. What would be a fraction of a fen stays as it is.
    """
    if unit == export_unit:
        return number(cell)
    amount = cells.read_number(cell)
    fen = None if amount is None else amount * _FEN[unit]
    if fen is None or fen != int(fen):
        return cells.cell_text(cell)
    return _like(cell, str(int(fen)) if export_unit == "fen" else f"{fen / 100:.2f}")


def number(cell: Cell, factor: int = 1) -> str:
    """A number, `factor` times what the cell says (10000 under a header with `（万）`)."""
    text = cells.cell_text(cell)
    if factor == 1 and _PLAIN_NUMBER.fullmatch(text):
        return text
    amount = cells.read_number(cell)
    return text if amount is None else _like(cell, _plain(amount * factor))


def percent(cell: Cell) -> str:
    """A share in percent with its sign. A number of a workbook is a fraction, which the workbook shows as percent."""
    if isinstance(cell, str):
        return cell
    share = cells.read_number(cell)
    return cells.cell_text(cell) if share is None else f"{share * 100:.2f}%"


def fraction(cell: Cell) -> str:
    """A share from 0 to 1; a percent sign in the cell counts."""
    text = cells.cell_text(cell)
    points = cells.read_percent(cell) if cells.normalise(text).endswith("%") else None
    return text if points is None else _plain(points / 100)


def seconds(cell: Cell, suffix: str = "") -> str:
    """A length of time in seconds with the export's suffix (`秒` or none)."""
    text = cells.cell_text(cell)
    if suffix and re.fullmatch(rf"[0-9]+(\.[0-9]+)?{suffix}", text):
        return text
    amount = cells.read_seconds(cell)
    return text if amount is None else _plain(amount) + suffix


def moment(cell: Cell, time_unit: str, forms: Sequence[str] = (), *, is_1904: bool = False) -> str:
    """A time in the form of the export: epoch digits, or local text in one of `forms` (default: that of the unit).

    A day without a time of day stays as it is where the export tells the minute: midnight would be a guess.

    Args:
        cell: as the reader gave it.
        time_unit: the contract's, such as `epoch_ms` or `local_date`.
        forms: writings that staging reads, in `YYYY MM M DD D HH H mm ss`; the first is used for what is converted.
        is_1904: whether serial numbers of this workbook count from 1904.
    """
    if time_unit in _EPOCH_DIGITS:
        return _epoch(cell, _EPOCH_DIGITS[time_unit], is_1904)
    forms = tuple(forms) or FORMS[time_unit]
    if isinstance(cell, str) and any(_is_written(cell.strip().removeprefix("`"), form) for form in forms):
        return cell
    found = cells.read_moment(cell, is_1904=is_1904)
    if found is None or ("HH" in forms[0] and not found.has_clock):
        return cells.cell_text(cell)
    return _like(cell, write(found.at, forms[0]))


def _epoch(cell: Cell, digits: int, is_1904: bool) -> str:
    text = cells.cell_text(cell)
    found = cells.read_moment(cell, is_1904=is_1904)
    bare = text.strip()
    if found is None or (bare.isdigit() and len(bare) == digits):
        return text
    is_milliseconds = bare.isdigit() and len(bare) == 13
    epoch = int((found.at - cells.SHANGHAI - datetime(1970, 1, 1)) / timedelta(milliseconds=1))
    epoch = int(bare) if is_milliseconds else epoch
    return str(epoch // 1000 if digits == 10 else epoch)


def write(at: datetime, form: str) -> str:
    """A time in a form of `YYYY MM M DD D HH H mm ss`."""

    def part(token: re.Match[str]) -> str:
        value = getattr(at, _PARTS[token.group()[0]])
        return str(value).zfill(len(token.group()))

    return _TOKENS.sub(part, form)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    def part(token: re.Match[str]) -> str:
        # strptime, with which staging reads, takes one digit for two.
        digits = "4" if token.group() == "YYYY" else "1,2"
        return f"(?P<{_PARTS[token.group()[0]]}>\\d{{{digits}}})"

    return re.compile(_TOKENS.sub(part, form), re.ASCII)


def _is_written(text: str, form: str) -> bool:
    found = _pattern(form).fullmatch(text)
    if found is None:
        return False
    try:
        at = datetime(**{name: int(value) for name, value in found.groupdict().items()})
    except ValueError:
        return False
    return cells.EARLIEST <= at < cells.LATEST


def identifier(cell: Cell) -> str:
    """An id as it stands, without the `.0` that a program for statistics hangs on (`9100000001.0`).

    The apostrophe by which people tell a spreadsheet to keep a number as text goes too.
    """
    text = cells.cell_text(cell)
    if _APOSTROPHED.fullmatch(text.strip()):
        return text.strip()[1:]
    floated = _FLOATED.fullmatch(text.strip()) if text.endswith("0") else None
    return floated[1] if floated else text


def _like(cell: Cell, text: str) -> str:
    """The text with the backtick that the cell had, for staging expects bills to have it."""
    return f"`{text}" if isinstance(cell, str) and cell.strip().startswith("`") else text


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text and amount == int(amount) else text
