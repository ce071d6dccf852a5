"""Retention by cohort of joining, with the number of matured memberships behind each cell."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text

# rate, its number of eligible observations where the semantic layer counts them, heading, and the colour scale it
# shares: inside is asked of one day each time, activity of a day and of a week, which no scale compares
AGES = (
    ("membership_retention_rate_d1", "matured_memberships_d1", Text("在群 次日", "In group, day 1"), "inside"),
    ("membership_retention_rate_d7", "matured_memberships_d7", Text("在群 7日", "In group, day 7"), "inside"),
    ("membership_retention_rate_d30", "matured_memberships_d30", Text("在群 30日", "In group, day 30"), "inside"),
    ("activity_retention_rate_d7", "activity_matured_members_d7", Text("活跃 第7日", "Active, day 7"), "day 7"),
    ("activity_retention_rate_d30", "activity_matured_members_d30", Text("活跃 24–30日", "Active, days 24–30"), "week"),
)
LONGEST = 16  # cohorts that fit under one another


def build(ctx: Context) -> Section | None:
    """A heat map of cohorts and ages."""
    found = ctx.saved("retention_cohorts") or []
    rows = sorted((row for row in found if row[ctx.time] <= ctx.period.start), key=lambda row: row[ctx.time])[-LONGEST:]
    if not rows:
        return None
    ages = [age for age in AGES if any(row.get(age[0]) is not None for row in rows)]
    cells, lines = [], []
    for y, row in enumerate(rows):
        name = figures.period_name(row[ctx.time], ctx.period.grain)
        line = [Cell(name)]
        for x, (rate, eligible, _, group) in enumerate(ages):
            value, size = row.get(rate), row.get(eligible)
            if value is None:
                line.append(missing(Text("观察期未满", "cohort not matured")))
                continue
            thin = size is not None and size < figures.SMALL
            text = figures.show(value, "share")
            cells.append({"x": x, "y": y, "value": value, "text": text, "n": size, "thin": thin, "group": group})
            behind = "" if size is None else f" (n={size:,.0f})"
            line.append(number(Text(text.zh + behind, text.en + behind), thin=thin))
        lines.append(line)
    table = Table(
        Text("各入群批次的留存率与到期人次 n", "Retention by cohort of joining, with matured n"),
        [Text("入群批次", "Cohort"), *(age[2] for age in ages)],
        lines,
    )
    return Section(
        "retention",
        Text("留存", "Retention"),
        [
            Chart(
                "cohorts-chart",
                "cohorts",
                _finding(rows, ctx),
                table,
                {
                    "ages": [age[2] for age in ages],
                    "cohorts": [figures.period_name(row[ctx.time], ctx.period.grain) for row in rows],
                    "cells": cells,
                },
                Text(
                    "在群按人次，活跃按人；只算已到期的，空格是还没到期，不是零。颜色在三列“在群”内、在两列“活跃”各自之内从最低到最高。",
                    "In group counts memberships, active persons; matured ones only: an empty cell is not matured, "
                    "not zero. Colours run from the lowest to the highest within “in group” and within each “active”.",
                ),
                height=90 + 40 * len(rows),
            )
        ],
    )


def _finding(rows: list, ctx: Context) -> Text:
    known = [row for row in rows if row.get("membership_retention_rate_d7") is not None]
    if not known:
        return Text("还没有到期的批次", "No cohort has matured yet")
    last = known[-1]
    value = figures.show(last["membership_retention_rate_d7"], "share")
    name = figures.period_name(last[ctx.time], ctx.period.grain)
    text = Text(
        f"{name.zh} 入群的人次，7 日后 {value.zh} 仍在群",
        f"{value.en} of the memberships that began in {name.en} are still open after 7 days",
    )
    if len(known) > 1:
        moved = figures.change(last["membership_retention_rate_d7"], known[-2]["membership_retention_rate_d7"], "share")
        if moved:
            text += Text(f"，较上一批 {moved.zh}", f"; {moved.en} against the cohort before")
    return text
