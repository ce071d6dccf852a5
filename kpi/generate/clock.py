"""Shanghai wall-clock arithmetic.

China has had no daylight saving since 1991, so one fixed offset of +8 h is exact for every date
this package makes. All instants are integers: epoch seconds unless a name ends in ``_ms``.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

DAY = 86_400
HOUR = 3_600
OFFSET = 8 * HOUR
SHANGHAI = timezone(timedelta(hours=8))


def midnight(day: date) -> int:
    """Epoch seconds of local 00:00 of ``day``."""
    return int(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).timestamp())


def local_date(t: int) -> date:
    """Local calendar date of an instant in epoch seconds."""
    return datetime.fromtimestamp(int(t), SHANGHAI).date()


@lru_cache(maxsize=4096)
def stamp(t: int) -> str:
    """Local ``YYYY-MM-DD HH:MM:SS`` of an instant in epoch seconds."""
    return datetime.fromtimestamp(int(t), SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def stamp_minutes(t: int, sep: str = "-") -> str:
    """Local ``YYYY-MM-DD HH:MM`` (or with another date separator) in epoch seconds."""
    return datetime.fromtimestamp(int(t), SHANGHAI).strftime(f"%Y{sep}%m{sep}%d %H:%M")


def month_starts(first: date, last: date) -> list[date]:
    """First days of the calendar months that ``[first, last]`` touches, ascending."""
    out = [first.replace(day=1)]
    while True:
        nxt = next_month(out[-1])
        if nxt > last:
            return out
        out.append(nxt)


def next_month(day: date) -> date:
    """First day of the month after the one ``day`` lies in."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def moment(text: str) -> datetime:
    """The instant of a local ``YYYY-MM-DD HH:MM:SS``."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
