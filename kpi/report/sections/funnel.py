"""The ordered funnel of the persons who first joined in the period: each step needs the one before."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text, same

STEPS = (
    ("impressions", Text("曝光（次）", "Impressions")),
    ("funnel_joined", Text("入群", "Joined")),
    ("funnel_activated", Text("激活", "Activated")),
    ("funnel_first_order", Text("首单", "First order")),
    ("funnel_repurchased", Text("复购", "Repurchased")),
    ("funnel_referred", Text("推荐", "Referred")),
)
UNKNOWN = Text("窗口未满或没有数据", "window not over, or no data")


def build(ctx: Context) -> Section | None:
    """How many persons of the cohort reached each step."""
    rows = ctx.at(ctx.saved("funnel") or [])
    if not rows:
        return None
    row = rows[0]
    steps, lines, before, lost = [], [], None, None
    for column, name in STEPS:
        value = row.get(column)
        shown = figures.show(value, "count")
        # persons over persons of one cohort; impressions are views, and of views no share of persons can be said
        share = value / before if value is not None and before and column != "funnel_joined" else None
        part = same(figures.NONE) if share is None else figures.show(share, "share")
        # of a handful no share is worth a sentence
        if share is not None and before >= figures.SMALL and (lost is None or share < lost[0]):
            lost = (share, name, part)
        step = {"name": name, "value": value, "text": shown, "share": None if share is None else part}
        steps.append(step | {"views": column == "impressions"})
        lines.append(
            [
                Cell(name),
                missing(UNKNOWN) if value is None else number(shown),
                missing() if share is None else number(part),
            ]
        )
        before = value
    joined = figures.show(row.get("funnel_joined"), "count")
    finding = Text(f"{joined.zh} 位新成员", f"{joined.en} new members")
    if lost is not None:
        finding += Text(
            f"，流失最多的一步是{lost[1].zh}：只有上一步的 {lost[2].zh}",
            f"; most are lost before “{lost[1].en}”, which {lost[2].en} of the step before reached",
        )
    table = Table(
        Text("漏斗各步人数", "Persons at each step"),
        [
            Text("步骤", "Step"),
            Text("人数（曝光为次数）", "Persons (views for impressions)"),
            Text("占上一步", "Of the step before"),
        ],
        lines,
    )
    note = Text(
        "人群是本期首次入群的人，后面各步在其后的窗口内发生。曝光按次计，不与人数同画，也不算比率；"
        f"上一步不到 {figures.SMALL} 人的比率用灰色。",
        "The cohort is who first joined in the period; later steps happen within their windows after that. "
        "Impressions are views: they have no bar among persons, and no share is taken of them. "
        f"Shares of fewer than {figures.SMALL} persons are grey.",
    )
    return Section(
        "funnel",
        Text("漏斗", "Funnel"),
        [Chart("funnel-chart", "funnel", finding, table, {"steps": steps}, note, height=320)],
    )
