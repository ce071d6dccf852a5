"""The report: chosen period and scope in, one offline HTML file out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from kpi.report import figures
from kpi.report.blocks import Chart, Section
from kpi.report.context import COMMUNITY, Context, Period, choose_period, nearest
from kpi.report.page import render
from kpi.report.sections import (
    campaigns,
    changes,
    cohorts,
    coverage,
    definitions,
    funnel,
    hours,
    live,
    quadrant,
    remedies,
    scorecard,
    segments,
    staff,
    summary,
    topics,
)
from kpi.report.source import Metrics
from kpi.report.texts import Text, same

# The important first: how it stands, what changed, what to do; then the stages in order; then what it rests on.
SECTIONS = (
    *(scorecard.build, changes.build, remedies.build),
    *(funnel.build, cohorts.build, hours.build, quadrant.build, topics.build, segments.build),
    *(campaigns.build, live.build, staff.build),
    *(definitions.build, coverage.build),
)
REVIEW = (campaigns.review, live.build, scorecard.build, definitions.build, coverage.build)


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        grain: ``week`` or ``month``.
        on: a day of the period; the last complete one when None.
        community: name of one community.
        campaign: name of one campaign, which is reviewed.
        lang: ``zh`` or ``en``, what the page opens in.
    """

    grain: str = "month"
    on: dt.date | None = None
    community: str | None = None
    campaign: str | None = None
    lang: str = "zh"


def context_of(metrics: Metrics, wanted: Wanted) -> Context:
    """Period and scope, checked against what was exported.

    Raises:
        ReportError: when the period has no data, or nobody knows the community or campaign.
    """
    community = nearest(wanted.community, metrics.names(COMMUNITY), "--community") if wanted.community else None
    period = choose_period(metrics, wanted.grain, wanted.on)
    if wanted.campaign is None:
        return Context(metrics, period, community)
    latest = Context(metrics, Period("month", metrics.as_of.replace(day=1), metrics.as_of, metrics.as_of))
    name = nearest(wanted.campaign, campaigns.names(latest), "--campaign")
    start = next(row[campaigns.TIME] for row in campaigns.rows_of(latest) if row[campaigns.NAME] == name)
    return Context(metrics, choose_period(metrics, "month", start), community, name)


def build(metrics: Metrics, wanted: Wanted) -> str:
    """The page as one string; the same for the same metrics and wishes."""
    ctx = context_of(metrics, wanted)
    sections = [section for make in (REVIEW if ctx.campaign else SECTIONS) if (section := make(ctx)) is not None]
    kind, heading = _titles(ctx)
    until = figures.day(metrics.as_of)
    fingerprint = coverage.fingerprint_of(ctx)
    made = f"definitions {fingerprint}" if fingerprint else "metrics"
    return render(
        "report.html.j2",
        styles=("assets/report.css",),
        scripts=("assets/charts.js", "assets/report.js"),
        lang=wanted.lang,
        title=heading,
        kind=kind,
        heading=heading,
        scope=same(ctx.community) if ctx.community else Text("全部社群", "All communities"),
        days=ctx.period.days,
        until=Text(f"数据截至 {until.zh}", f"Data until {until.en}"),
        partial=_partial(ctx.period),
        points=[] if ctx.campaign else summary.points(ctx),
        sections=sections,
        data=_drawn(sections),
        made=Text(made.replace("definitions", "口径"), made),
    )


def _drawn(sections: list[Section]) -> dict[str, dict]:
    return {
        block.id: {"kind": block.kind, "height": block.height, "data": block.data}
        for section in sections
        for block in section.blocks
        if isinstance(block, Chart)
    }


def _titles(ctx: Context) -> tuple[Text, Text]:
    if ctx.campaign:
        return Text("活动复盘", "Campaign review"), same(ctx.campaign)
    kind = (
        Text("社群运营月报", "Monthly community report")
        if ctx.period.grain == "month"
        else Text("社群运营一周小结", "Weekly community report")
    )
    if ctx.community is None:
        return kind, Text(f"{ctx.period.name.zh}{kind.zh[4:]}", f"{ctx.period.name.en}")
    return kind, Text(f"{ctx.community} · {ctx.period.name.zh}", f"{ctx.community} · {ctx.period.name.en}")


def _partial(period: Period) -> Text | None:
    if not period.is_partial:
        return None
    until = figures.short_day(period.as_of)
    return Text(
        f"本期还没有结束，数字只到 {until.zh}；与上期相比时请留意天数不同。",
        f"This period is not over; figures end on {until.en} and cover fewer days than the one before.",
    )


def write(page: str, path: Path) -> Path:
    """Put a page in its place at once, so that a reader never opens half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)
    return path
