"""Numbers as they are read: zh-CN and English, by unit. Nothing is rounded before it is shown."""

from __future__ import annotations

import datetime as dt

from kpi.report.texts import Text, same

NONE = "—"
PERCENT = ("share", "rate")  # read in per cent
SMALL = 30  # fewer observations than this are shown, in grey


def _signed(text: str) -> str:
    return text.replace("-", "−")


def _share(value: float) -> str:
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f}%"
    return f"{percent:,.2f}%" if 0 < abs(percent) < 0.995 else f"{percent:,.1f}%"


def _yuan(value: float) -> Text:
    plain = f"¥{value:,.2f}" if abs(value) < 1000 else f"¥{value:,.0f}"
    return Text(f"¥{value / 1e4:,.1f} 万" if abs(value) >= 1e5 else plain, plain)


def _count(value: float) -> Text:
    plain = f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.1f}"
    return Text(f"{value / 1e4:,.1f} 万" if abs(value) >= 1e5 else plain, plain)


def show(value: float | None, unit: str | None) -> Text:
    """A figure with its unit; ``—`` for none.

    Args:
        value: raw: shares and rates as 0.0094, points from -1 to 1, money in yuan, times in minutes.
        unit: as in ``metrics.metric_values``; an unknown unit is shown with two decimals.
    """
    if value is None:
        return same(NONE)
    if unit in PERCENT:
        text = same(_share(value))
    elif unit == "yuan":
        text = _yuan(value)
    elif unit == "count":
        text = _count(value)
    elif unit == "minutes":
        text = Text(f"{value:,.1f} 分钟", f"{value:,.1f} min")
    elif unit == "points":
        text = same(f"{value * 100:,.0f}")  # of -100 to 100, as NPS is spoken of
    else:
        text = same(f"{value:,.2f}")
    return Text(_signed(text.zh), _signed(text.en))


def plus(value: float, unit: str | None) -> Text:
    """A difference, always with its sign; differences of shares are percentage points."""
    if unit in PERCENT:
        points = value * 100
        digits = 2 if 0 < abs(points) < 0.995 else 1
        number = _signed(f"{points:+,.{digits}f}")
        return Text(f"{number} 个百分点", f"{number} pp")
    shown = show(abs(value), unit)
    sign = "+" if value > 0 else "−" if value < 0 else ""
    if unit == "yuan":
        sign += "\u2060"  # no line ends between the sign and the money
    return Text(sign + shown.zh, sign + shown.en)


def change(value: float | None, before: float | None, unit: str | None) -> Text | None:
    """How a figure moved: points of a share, per cent of anything else; None where there is nothing to compare."""
    if value is None or before is None:
        return None
    if unit in (*PERCENT, "points") or before <= 0 or value < 0:
        return plus(value - before, unit)
    return same(_signed(f"{(value / before - 1) * 100:+,.1f}%"))


def day(date: dt.date) -> Text:
    """A day."""
    return Text(f"{date.year} 年 {date.month} 月 {date.day} 日", f"{date.day} {date:%b %Y}")


def short_day(date: dt.date) -> Text:
    """A day without its year."""
    return Text(f"{date.month} 月 {date.day} 日", f"{date.day} {date:%b}")


def month(date: dt.date) -> Text:
    """A month."""
    return Text(f"{date.year} 年 {date.month} 月", f"{date:%B %Y}")


def period_name(start: dt.date, grain: str) -> Text:
    """A month or a week of the ISO calendar, short enough for an axis."""
    if grain == "month":
        return same(f"{start:%Y-%m}")
    year, week, _ = start.isocalendar()
    return same(f"{year}-W{week:02d}")
