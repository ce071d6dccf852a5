"""Retention by cohort of joining, with the number of matured memberships behind each cell."""

from __future__ import annotations

from typing import Any

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text, same

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
AGE, VALUE, BUYERS = "buyer_age__age_days", "historic_ltv", "cohort_buyers"


def build(ctx: Context) -> Section | None:
    """A heat map of cohorts and ages."""
    found = ctx.saved("retention_cohorts") or []
    rows = sorted((row for row in found if row[ctx.time] <= ctx.period.start), key=lambda row: row[ctx.time])[-LONGEST:]
    charts = [chart for chart in (_retention(ctx, rows) if rows else None, _value(ctx)) if chart is not None]
    return Section("retention", Text("留存", "Retention"), charts) if charts else None


def _retention(ctx: Context, rows: list[dict[str, Any]]) -> Chart:
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
    note = Text(
        "在群按人次，活跃按人；只算已到期的，空格是还没到期，不是零。颜色在三列“在群”内、在两列“活跃”各自之内从最低到最高。",
        "In group counts memberships, active persons; matured ones only: an empty cell is not matured, "
        "not zero. Colours run from the lowest to the highest within “in group” and within each “active”.",
    )
    data = {
        "ages": [age[2] for age in ages],
        "cohorts": [figures.period_name(row[ctx.time], ctx.period.grain) for row in rows],
        "cells": cells,
    }
    height = 90 + 40 * len(rows)
    return Chart("cohorts-chart", "cohorts", _finding(rows, ctx), table, data, note, height=height)


def _value(ctx: Context) -> Chart | None:
    """What buyers of a cohort brought in by each age since their first order, where all of them reached it."""
    if ctx.metrics.has("buyer_value_by_age") and not ctx.metrics.has("buyer_value_by_age", BUYERS):
        return None  # exported before it had its n
    known = {
        (row[ctx.time], int(row[AGE])): row
        for row in ctx.saved("buyer_value_by_age") or []
        if row[AGE] is not None and row[VALUE] is not None and row[ctx.time] <= ctx.period.start
    }
    if not known:
        return None
    months = sorted({month for month, _ in known})[-LONGEST:]
    ages = sorted({age for month, age in known if month in months})
    cells, lines = [], []
    for y, month in enumerate(months):
        line = [Cell(figures.period_name(month, "month"))]
        for x, age in enumerate(ages):
            row = known.get((month, age))
            if row is None:
                line.append(missing(Text("观察期未满", "cohort not matured")))
                continue
            value, size = row[VALUE], row[BUYERS]
            thin = size is not None and size < figures.SMALL
            cell = {"x": x, "y": y, "value": value, "n": size, "thin": thin, "group": "value"}
            cells.append(cell | {"text": same(f"¥{value:,.0f}")})
            shown = figures.show(value, "yuan") + same("" if size is None else f" (n={size:,.0f})")
            line.append(number(shown, thin=thin))
        lines.append(line)
    heads = [Text(f"{age} 天", f"{age} days") for age in ages]
    table = Table(
        Text(
            "各首购批次到各时长的人均累计营销额（净额）与人数 n",
            "Net sales per buyer by age, with n",
        ),
        [Text("首购批次", "Cohort"), *heads],
        lines,
    )
    oldest = max(months, key=lambda month: (sum(1 for m, _ in known if m == month), -month.toordinal()))
    reached = [age for age in ages if (oldest, age) in known]
    first, last = (figures.show(known[oldest, age][VALUE], "yuan") for age in (reached[0], reached[-1]))
    finding = Text(
        f"{oldest:%Y-%m} 首购的人，{reached[0]} 天内人均 {first.zh}，{reached[-1]} 天内 {last.zh}",
        f"Who first bought in {oldest:%Y-%m} brought {first.en} each within {reached[0]} days, "
        f"{last.en} within {reached[-1]}",
    )
    note = Text(
        "首购后至该天数的人均累计营销额（净额），同一批人；空格是该批还有人未满该天数，不是零。",
        "Net sales per buyer from the first order up to that age, of one and the same cohort; "
        "an empty cell is a cohort some of whom are younger, not zero.",
    )
    data = {"ages": heads, "cohorts": [figures.period_name(month, "month") for month in months], "cells": cells}
    return Chart("value-chart", "cohorts", finding, table, data, note, height=90 + 40 * len(months))


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
