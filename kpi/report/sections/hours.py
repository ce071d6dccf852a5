"""When members talk, by hour and weekday, against when the team posts, and the hours to post in."""

from __future__ import annotations

from collections import defaultdict

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text
from kpi.report.words import WEEKDAYS

WEEKDAY = "message_hour__sent_weekday"  # 1 is Monday
HOUR = "message_hour__sent_hour"
TITLE = Text("时段", "Hours")
RECOMMENDED = 3  # hours of a day


def recommended(by_hour: dict[int, float]) -> list[int]:
    """The hours with the most effective messages of members, in order of the day; earlier ones win ties."""
    most = sorted((hour for hour, value in by_hour.items() if value > 0), key=lambda hour: (-by_hour[hour], hour))
    return sorted(most[:RECOMMENDED])


def spans(hours: list[int]) -> Text:
    """Hours as spans: 9, 20, 21 are 9–10 时、20–22 时."""
    runs: list[list[int]] = []
    for hour in hours:
        if runs and runs[-1][1] == hour:
            runs[-1][1] = hour + 1
        else:
            runs.append([hour, hour + 1])
    return Text(
        "、".join(f"{first}–{last} 时" for first, last in runs),
        ", ".join(f"{first}:00–{last}:00" for first, last in runs),
    )


def build(ctx: Context) -> Section | None:
    """A heat map of effective messages, the recommended hours marked."""
    rows = ctx.at(ctx.saved("message_hours") or [])
    if not rows:
        return None
    # counts add up over hours and weekdays: each message is in one row
    cells: dict[tuple[int, int], float] = {}
    by_hour: dict[int, float] = defaultdict(float)
    for row in rows:
        if row[HOUR] is None or row["effective_messages"] is None:
            continue
        by_hour[int(row[HOUR])] += row["effective_messages"]
        if row.get(WEEKDAY) is not None:
            cells[int(row[HOUR]), int(row[WEEKDAY]) - 1] = row["effective_messages"]
    total = sum(by_hour.values())
    if not total:
        return None
    # the archive covers a weekday or it does not: an hour without a row on a covered one had no message
    for place in {place for _, place in cells}:
        for hour in range(24):
            cells.setdefault((hour, place), 0)
    best = recommended(by_hour)
    share = figures.show(sum(by_hour[hour] for hour in best) / total, "share")
    finding = Text(
        f"成员在 {spans(best).zh}说得最多，占有效消息的 {share.zh}：建议在这些时段发布",
        f"Members talk most at {spans(best).en}, {share.en} of effective messages: post in these hours",
    )
    if not cells:  # of a week or of one community the weekday is not exported: too few messages in a cell
        return Section("hours", TITLE, [_by_hour(by_hour, best, finding, total)])
    note = Text(
        f"共 {total:,.0f} 条成员有效消息；描边的是推荐的发布时段，即全周合计最多的三个小时。",
        f"{total:,.0f} effective messages of members; outlined: the three hours with the most, to post in.",
    )
    hours = range(24)
    table = Table(
        Text("各时段成员有效消息数", "Effective messages of members by hour and weekday"),
        [Text("小时", "Hour"), *WEEKDAYS],
        [
            [
                Cell(f"{hour}:00"),
                *(number(f"{cells[hour, place]:,.0f}") if (hour, place) in cells else missing() for place in range(7)),
            ]
            for hour in hours
        ],
    )
    data = {
        "weekdays": list(WEEKDAYS),
        "cells": [{"x": hour, "y": place, "value": value} for (hour, place), value in sorted(cells.items())],
        "recommended": best,
    }
    ramp = (Text("0 条", "0 messages"), Text(f"{max(cells.values()):,.0f} 条", f"{max(cells.values()):,.0f} messages"))
    return Section(
        "hours",
        TITLE,
        [Chart("hours-chart", "hours", finding, table, data, note, height=300, ramp=ramp)],
    )


def _by_hour(by_hour: dict[int, float], best: list[int], finding: Text, total: float) -> Chart:
    bars = [
        {
            **{"name": str(hour), "value": by_hour.get(hour, 0), "here": hour in best},
            "text": figures.show(by_hour.get(hour, 0), "count"),
        }
        for hour in range(24)
    ]
    table = Table(
        Text("各小时成员有效消息数", "Effective messages of members by hour"),
        [Text("小时", "Hour"), Text("有效消息", "Effective messages")],
        [[Cell(f"{hour}:00"), number(f"{by_hour.get(hour, 0):,.0f}")] for hour in range(24)],
    )
    note = Text(
        f"共 {total:,.0f} 条成员有效消息；深色是推荐的发布时段，即最多的三个小时。",
        f"{total:,.0f} effective messages of members; dark: the three hours with the most, to post in.",
    )
    data = {"name": Text("有效消息", "Effective messages"), "bars": bars}
    return Chart("hours-chart", "columns", finding, table, data, note, height=280)
