"""Cells as files hold them: what a spreadsheet's value is as text, and what numbers and times a text spells.

Nothing here knows an export. A text that cannot be read gives `None`, never a guess.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

Cell = str | int | float | bool | datetime | date | time | timedelta | None
"""What a reader hands over: text from CSV and JSON; numbers, dates and times too from workbooks."""

# What staging reads as nothing; a contract may have a list of its own.
NULL_LIKES = frozenset({"", "-", "—", "——", "/", "N/A", "?"})
BACKTICK = "`"
# A cell that begins or ends with one of these is wrapped, see `unwrapped`.
WRAPPINGS = frozenset("=\t\r\n\v\f\u00a0\u3000\u200b\ufeff")

# A spreadsheet keeps 15 digits of a number; of longer ones the last digits are lost.
EXACT_BELOW = 10**15
ROUNDED = re.compile(r"[-+]?[0-9]([.][0-9]+)?[eE][+][0-9]+")

_NUMBER = re.compile(r"([-+]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?")
_SCALES = {"万": 10_000, "w": 10_000, "W": 10_000, "亿": 100_000_000}

_DAY = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_CLOCK = r"(上午|下午)?\s*(\d{1,2})\s*[:时点]\s*(\d{1,2})\s*分?\s*(?::?\s*(\d{1,2})(?:\.\d+)?\s*秒?)?"
_MOMENT = re.compile(rf"{_DAY}(?:[\sT]*{_CLOCK}\s*(Z|[-+]\d\d:?\d\d)?)?")
_DIGITS = re.compile(r"\d+(\.\d+)?")
_CLOCK_LENGTH = re.compile(r"(\d+):(\d{1,2})(?::(\d{1,2}))?")
_SPOKEN_LENGTH = re.compile(
    r"(?:(\d+)\s*天)?\s*(?:(\d+)\s*小?时)?\s*(?:(\d+)\s*分钟?)?\s*(?:(\d+(?:\.\d+)?)\s*(?:秒钟?|s))?"
)

SHANGHAI = timedelta(hours=8)
SERIAL_ORIGIN = datetime(1899, 12, 30)
SERIAL_ORIGIN_1904 = datetime(1904, 1, 1)
EARLIEST, LATEST = datetime(2010, 1, 1), datetime(2100, 1, 1)


class Moment(NamedTuple):
    """A wall-clock time of Asia/Shanghai, and whether the cell told the time of day or only the day."""

    at: datetime
    has_clock: bool


def is_null(cell: Cell, null_likes: frozenset[str] = NULL_LIKES) -> bool:
    """Whether a cell says nothing: blank, or one of the ways a platform writes "nothing"."""
    return cell is None or (isinstance(cell, str) and cell.strip().removeprefix(BACKTICK).strip() in null_likes)


def unwrapped(text: str) -> str:
    """A text without what platforms put around it so that a spreadsheet keeps it whole: `="4200"`, a tab behind it.

    Invisible characters at its ends go too: staging trims spaces only, and an order number with a tab matches none.
    """
    text = text.strip("".join(WRAPPINGS - {"="}) + " ")
    if len(text) > 3 and text.startswith('="') and text.endswith('"'):
        return text[2:-1].replace('""', '"').strip()
    return text


def cell_text(cell: Cell) -> str:
    """A cell as text, as it stands: a whole number without `.0`, dates in ISO form, text untouched.

    A number too long for a spreadsheet becomes what the spreadsheet shows, `4.20038E+27`: its last digits are
    lost, and nobody shall take it for an id.
    """
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return _number_text(cell)
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return cell.strftime("%Y-%m-%d")
        case time():
            return cell.strftime("%H:%M:%S")
        case timedelta():
            minutes, seconds = divmod(int(cell.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def _number_text(number: float) -> str:
    if number != number or number in (float("inf"), float("-inf")):
        return str(number)
    if abs(number) >= EXACT_BELOW:
        return f"{number:.5E}"
    if number == int(number):
        return str(int(number))
    return f"{Decimal(f'{number:.15g}'):f}"


def is_rounded(cell: Cell) -> bool:
    """Whether a spreadsheet has shortened this number, so that its last digits are lost."""
    return ROUNDED.fullmatch(cell_text(cell).strip().removeprefix(BACKTICK)) is not None


def normalise(text: str) -> str:
    """Full-width digits, letters, brackets and colons in half width, both yen signs alike, trimmed."""
    return unicodedata.normalize("NFKC", text).strip()


def read_number(cell: Cell) -> Decimal | None:
    """The number that a cell spells, exact; `None` for anything else and for a number that has lost digits.

    Reads `1,234.50`, `¥35`, `￥0.12`, `35.00元`, `1.2万`, `3w`, `1.5亿`, full-width digits and plus signs.
    """
    if isinstance(cell, bool) or is_rounded(cell):
        return None
    text = normalise(cell_text(cell)).removeprefix(BACKTICK).replace(" ", "").removesuffix("元")
    sign = ""
    if text[:1] in ("-", "+"):
        sign, text = text[0], text[1:]
    text = sign + text.removeprefix("¥")
    scale = _SCALES.get(text[-1:], 1)
    digits = _NUMBER.fullmatch(text if scale == 1 else text[:-1])
    if digits is None or not any(part.strip(".") for part in digits.groups()[1:] if part):
        return None
    return Decimal(digits.group().replace(",", "")) * scale


def read_percent(cell: Cell) -> Decimal | None:
    """Percent points that a cell spells, `28.64%` and `28.64` alike; `None` for anything else."""
    text = normalise(cell_text(cell)).removesuffix("%")
    return read_number(text)


def read_seconds(cell: Cell) -> Decimal | None:
    """Seconds that a cell spells: `356秒`, `14.73秒`, `5分56秒`, `00:05:56`, `1小时3分`, or a bare number."""
    if isinstance(cell, time):
        return Decimal(cell.hour * 3600 + cell.minute * 60 + cell.second)
    if isinstance(cell, timedelta):
        return Decimal(int(cell.total_seconds()))
    text = normalise(cell_text(cell))
    if clock := _CLOCK_LENGTH.fullmatch(text):
        first, second, third = (int(part) if part else None for part in clock.groups())
        return Decimal(first * 60 + second if third is None else first * 3600 + second * 60 + third)
    spoken = _SPOKEN_LENGTH.fullmatch(text)
    if text and spoken and any(spoken.groups()):
        days, hours, minutes, seconds = (Decimal(part or 0) for part in spoken.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + seconds
    return read_number(text)


def read_moment(cell: Cell, *, is_1904: bool = False) -> Moment | None:
    """The time that a cell of a time column spells, as wall clock of Asia/Shanghai.

    Reads date cells, `2026年6月25日 18时05分`, `2026/6/25`, `2026-06-25T18:05:00Z`, full-width colons, serial numbers
    of spreadsheets (days since 1899-12-30, or 1904-01-01 if `is_1904`), epochs in seconds or milliseconds, and
    `20260625` or `20260625180500`. Gives `None` for anything else and outside 2010 to 2100.
    """
    moment = _date_cell(cell) or _moment_of_text(normalise(cell_text(cell)).removeprefix(BACKTICK), is_1904)
    return moment if moment and EARLIEST <= moment.at < LATEST else None


def _date_cell(cell: Cell) -> Moment | None:
    if isinstance(cell, datetime):
        # A serial number is a fraction of a day: 18:05 may be read as 18:04:59.9999995.
        return Moment((cell + timedelta(microseconds=500_000)).replace(microsecond=0, tzinfo=None), True)
    return Moment(datetime.combine(cell, time()), False) if isinstance(cell, date) else None


def _moment_of_text(text: str, is_1904: bool) -> Moment | None:
    if _DIGITS.fullmatch(text):
        return _moment_of_digits(text, is_1904)
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, half, hour, minute, second, zone = found.groups()
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half == "下午" else 0)
    try:
        at = datetime(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0))
    except ValueError:
        return None
    if zone:
        offset = timedelta() if zone == "Z" else _offset(zone)
        at = at - offset + SHANGHAI
    return Moment(at, hour is not None)


def _offset(zone: str) -> timedelta:
    amount = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -amount if zone[0] == "-" else amount


def _moment_of_digits(text: str, is_1904: bool) -> Moment | None:
    whole, _, fraction = text.partition(".")
    if not fraction.strip("0") and len(whole) in (8, 14):
        try:
            return Moment(datetime.strptime(whole, "%Y%m%d%H%M%S"[: 6 if len(whole) == 8 else 12]), len(whole) == 14)
        except ValueError:
            return None
    if not fraction.strip("0") and len(whole) in (10, 13):
        epoch = int(whole) / (1 if len(whole) == 10 else 1000)
        return Moment(datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None) + SHANGHAI, True)
    if len(whole) == 5:
        seconds = round(Decimal(text) * 86400)
        origin = SERIAL_ORIGIN_1904 if is_1904 else SERIAL_ORIGIN
        return Moment(origin + timedelta(seconds=seconds), bool(fraction.strip("0")))
    return None
