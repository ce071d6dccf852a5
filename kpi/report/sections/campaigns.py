"""Campaigns: reach, participation, conversion and return, the ones of the period first."""

from __future__ import annotations

from typing import Any

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Listing, Section, Table, missing, number
from kpi.report.context import COMMUNITY, Context
from kpi.report.texts import Text, same

NAME, TYPE, TIME = "campaign__campaign_name", "campaign__campaign_type", "metric_time__day"
PHASE, OUTSIDE = "phase__campaign_phase", Text("阶段之外", "outside of all phases")
STEPS = ("campaign_reached_members", "campaign_participants", "campaign_buyers")
RATES = ("campaign_participation_rate", "campaign_conversion_rate")
UNATTRIBUTED = "未归属"
SHOWN = 10


def names(ctx: Context) -> list[str]:
    """Campaigns that can be asked for."""
    if not ctx.metrics.has("campaigns", NAME):
        return []
    return sorted({row[NAME] for row in ctx.metrics.rows("campaigns") if row[NAME] and row[NAME] != UNATTRIBUTED})


def rows_of(ctx: Context) -> list[dict[str, Any]]:
    """Campaigns up to the period, latest first."""
    if not ctx.metrics.has("campaigns", NAME, TIME):
        return []
    found = [
        row
        for row in ctx.metrics.rows("campaigns")
        if row[NAME]
        and row[NAME] != UNATTRIBUTED
        and row[TIME] <= ctx.period.known_until
        and row.get(STEPS[0]) is not None
    ]
    if ctx.community and found and COMMUNITY in found[0]:
        found = [row for row in found if row[COMMUNITY] == ctx.community]
    return sorted(found, key=lambda row: (row[TIME], row[NAME]), reverse=True)


def _metrics(rows: list[dict[str, Any]]) -> list[str]:
    return [name for name in rows[0] if "__" not in name and name != "campaign"]


def listing(ctx: Context, rows: list[dict[str, Any]]) -> Table:
    """One row per campaign, every figure the semantic layer gives of it."""
    metrics = _metrics(rows)
    return Table(
        Text("活动一览", "Campaigns"),
        [
            *(Text("活动", "Campaign"), Text("类型", "Type"), Text("开始", "Start")),
            *(name_of(ctx, metric) for metric in metrics),
        ],
        [
            [
                *(Cell(row[NAME]), Cell(row.get(TYPE) or figures.NONE), Cell(f"{row[TIME]}", "date")),
                *(missing() if row[metric] is None else number(shown(ctx, row, metric)) for metric in metrics),
            ]
            for row in rows
        ],
    )


def shown(ctx: Context, row: dict[str, Any], metric: str) -> Text:
    """A figure of a campaign; helpers without a definition have their unit here."""
    return figures.show(row[metric], ctx.unit(metric) or UNITS.get(metric, "count"))


def name_of(ctx: Context, metric: str) -> Text:
    """Name of a figure of a campaign."""
    return ctx.label(metric) if metric in ctx.metrics.definitions else NAMES.get(metric, same(metric))


def build(ctx: Context) -> Section | None:
    """Participation and conversion of the latest campaigns."""
    rows = rows_of(ctx)
    if not rows:
        return None
    here = [row for row in rows if row[TIME] >= ctx.period.start]
    named = [row for row in (here or rows) if row["campaign_conversion_rate"] is not None]
    finding = Text("还没有可算转化率的活动", "No campaign has a known conversion yet")
    if named:
        best = max(named, key=lambda row: (row["campaign_conversion_rate"], row[NAME]))
        rate = ctx.show(best["campaign_conversion_rate"], "campaign_conversion_rate")
        size = best[STEPS[0]]
        where = Text("本期", "this period") if here else Text("近期", "recently")
        finding = Text(
            f"{where.zh}转化最好的活动是“{best[NAME]}”：{rate.zh}，触达 {size:,.0f} 人",
            f"Best conversion {where.en}: “{best[NAME]}”, {rate.en} of {size:,.0f} reached",
        )
    drawn = [row for row in rows if any(row[rate] is not None for rate in RATES)][:SHOWN]
    if not drawn:
        return Section("campaigns", Text("活动", "Campaigns"), [Listing(listing(ctx, rows))])
    data = {
        "rows": [
            {
                "name": row[NAME],
                "values": [row[rate] for rate in RATES],
                "texts": [ctx.show(row[rate], rate) for rate in RATES],
                "n": row[STEPS[0]],
                "thin": (row[STEPS[0]] or 0) < figures.SMALL,
            }
            for row in drawn
        ],
        "series": [ctx.label(rate) for rate in RATES],
    }
    note = Text(
        "最近的活动在上，本期以前的供比较。参与率与转化率都以触达人数为分母；触达少于 30 人的用灰色。",
        "Latest on top, those before this period to compare with. "
        "Both rates are of the members reached; grey where fewer than 30 were.",
    )
    chart = Chart(
        *("campaigns-chart", "dots", finding, listing(ctx, rows)),
        data,
        note,
        height=100 + 34 * len(drawn),
    )
    return Section("campaigns", Text("活动", "Campaigns"), [chart])


def review(ctx: Context) -> Section | None:
    """复盘: one campaign, its steps and rates beside those of the same type."""
    rows = rows_of(ctx)
    own = next((row for row in rows if row[NAME] == ctx.campaign), None)
    if own is None:
        return None
    peers = [row for row in rows if row[NAME] != ctx.campaign and row.get(TYPE) == own.get(TYPE)]
    steps, before = [], None
    for metric in STEPS:
        value = own.get(metric)
        share = value / before if value is not None and before else None
        label = name_of(ctx, metric)
        steps.append(
            {
                **{"name": label, "value": value, "text": figures.show(value, "count")},
                "share": None if share is None else figures.show(share, "share"),
            }
        )
        before = value
    table = Table(
        Text("活动各步人数", "Persons at each step"),
        [Text("步骤", "Step"), Text("人数", "Persons"), Text("占上一步", "Of the step before")],
        [[Cell(step["name"]), number(step["text"]), Cell(step["share"] or figures.NONE, "number")] for step in steps],
    )
    rates = [metric for metric in _metrics([own]) if metric not in STEPS and own[metric] is not None]
    listed = [
        Text(f"{name_of(ctx, m).zh} {shown(ctx, own, m).zh}", f"{name_of(ctx, m).en} {shown(ctx, own, m).en}")
        for m in rates
    ]
    finding = (
        Text("，".join(text.zh for text in listed), ", ".join(text.en for text in listed))
        if listed
        else same(own[NAME])
    )
    blocks = [Chart("review-chart", "funnel", finding, table, {"steps": steps}, height=220)]
    heading = Text(
        "同类活动" if peers else "没有同类活动可比",
        "Campaigns of the same type" if peers else "No campaign of this type to compare",
    )
    blocks.append(Listing(listing(ctx, [own, *peers]), heading))
    if phases := _phases(ctx):
        blocks.append(phases)
    return Section("review", Text("活动复盘", "Campaign review"), blocks)


def _phases(ctx: Context) -> Listing | None:
    if not ctx.metrics.has("campaign_phases", NAME, PHASE):
        return None
    rows = [row for row in ctx.metrics.rows("campaign_phases") if row[NAME] == ctx.campaign]
    if not rows:
        return None
    metrics = _metrics(rows)
    table = Table(
        Text("活动各阶段", "Phases of the campaign"),
        [Text("阶段", "Phase"), *(name_of(ctx, metric) for metric in metrics)],
        [
            [
                Cell(OUTSIDE if row[PHASE] in (None, "none") else row[PHASE]),
                *(missing() if row[metric] is None else number(shown(ctx, row, metric)) for metric in metrics),
            ]
            for row in rows
        ],
    )
    return Listing(table, Text("各阶段", "Phases"))


UNITS = {"campaign_return": "ratio", "campaign_net_sales": "yuan", "campaign_cost": "yuan"}
NAMES = {
    "campaign_reached_members": Text("活动触达人数", "Members reached"),
    "campaign_participants": Text("活动参与人数", "Participants"),
    "campaign_buyers": Text("活动购买人数", "Buyers"),
    "campaign_orders": Text("活动订单数", "Orders"),
    "campaign_net_sales": Text("活动营销额（净额）", "Net sales"),
    "campaign_cost": Text("活动投入", "Cost"),
    "campaign_messages": Text("活动期消息量", "Messages"),
    "campaign_return": Text("活动投入产出比", "Return on cost"),
}
