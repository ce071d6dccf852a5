"""The five stages at a glance: a card for each leading figure, the rest of the stage in a table below."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from kpi.report import figures
from kpi.report.blocks import Cell, Custom, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.source import Figure
from kpi.report.sparkline import sparkline
from kpi.report.texts import Text, joined, same
from kpi.report.words import STAGES, STATUS, reason

# What a reader looks at first; the other metrics of a stage are in its table.
LEADING = {
    "acquisition": ("join_rate", "new_memberships", "leave_rate", "net_membership_growth"),
    "activation": ("interaction_rate", "messages", "messages_per_member", "active_rate"),
    "retention": (
        *("membership_retention_rate_d7", "membership_retention_rate_d30"),
        *("activity_retention_rate_d7", "repurchase_rate_90d"),
    ),
    "monetization": ("buyer_conversion_rate", "revenue_per_buyer", "net_sales", "community_roas"),
    "advocacy": ("referral_rate", "successful_referrals", "csat", "nps"),
}
GOOD, BAD = "good", "bad"
TARGET_STYLE = {"on_target": GOOD, "off_target": BAD}
BAND_STYLE = {"above_band": "notice", "below_band": "notice"}


@dataclass(frozen=True)
class Card:
    """A figure of the scorecard, every part ready to be shown.

    Attributes:
        metric_id: which metric.
        label: its name.
        value: formatted, ``—`` for none.
        reason: why there is no value.
        thin: whether it rests on few observations.
        change: against the period before.
        change_style: ``good``, ``bad`` or empty where neither direction is better.
        status: target or band, in words.
        status_style: class of the pill.
        target: the target or band in figures.
        interval: 95 % interval.
        size: number of observations.
        flags: partial, provisional.
        partial: whether the period is not complete.
        spark: the history as inline SVG.
    """

    metric_id: str
    label: Text
    value: Text
    reason: Text | None
    thin: bool
    change: Text | None
    change_style: str
    status: Text | None
    status_style: str
    target: Text | None
    interval: Text | None
    size: Text | None
    flags: tuple[Text, ...]
    partial: bool
    spark: Markup


@dataclass(frozen=True)
class Stage:
    """A stage: its name, its cards and the table of its other metrics."""

    id: str
    name: Text
    cards: tuple[Card, ...]
    others: Table | None


def better(row: Figure) -> str:
    """Whether the move since the period before is ``good`` or ``bad``; empty where the direction says neither."""
    if row.value is None or row.previous_value is None or row.direction not in ("higher", "lower"):
        return ""
    if row.value == row.previous_value:
        return ""
    return GOOD if (row.value > row.previous_value) == (row.direction == "higher") else BAD


def _interval(row: Figure) -> Text | None:
    if row.ci_low is None or row.ci_high is None or row.value is None:
        return None
    low, high = figures.show(row.ci_low, row.unit), figures.show(row.ci_high, row.unit)
    return Text(f"95% 区间 {low.zh}–{high.zh}", f"95% CI {low.en}–{high.en}")


def _target(row: Figure) -> Text | None:
    if row.target is not None:
        shown = figures.show(row.target, row.unit)
        return Text(f"目标 {shown.zh}", f"Target {shown.en}")
    if row.band_low is not None and row.band_high is not None:
        low, high = figures.show(row.band_low, row.unit), figures.show(row.band_high, row.unit)
        return Text(f"常态 {low.zh}–{high.zh}", f"Usual {low.en}–{high.en}")
    return None


def flags(row: Figure) -> tuple[Text, ...]:
    """Why a figure may still move."""
    found = []
    if row.is_partial:
        found.append(Text("周期未满", "Partial period"))
    if row.is_provisional:
        found.append(Text("暂定", "Provisional"))
    return tuple(found)


def card(ctx: Context, metric: str, previous_name: Text) -> Card | None:
    """The card of a metric; None where the scope has no such figure."""
    row = ctx.now.get(metric)
    if row is None:
        return None
    thin = row.sample_size is not None and row.sample_size < figures.SMALL
    moved = figures.change(row.value, row.previous_value, row.unit)
    if moved is not None:
        moved = Text(f"较{previous_name.zh} {moved.zh}", f"{moved.en} vs {previous_name.en}")
    return Card(
        metric_id=metric,
        label=ctx.label(metric),
        value=figures.show(row.value, row.unit),
        reason=None if row.value is not None else reason(row.null_reason),
        thin=thin,
        change=moved,
        change_style=better(row),
        status=STATUS.get(row.status or ""),
        status_style=(TARGET_STYLE | BAND_STYLE).get(row.status or "", ""),
        target=_target(row),
        interval=_interval(row),
        size=None if row.sample_size is None else same(f"n = {row.sample_size:,}"),
        flags=flags(row),
        partial=row.is_partial,
        spark=sparkline([(figure.value, figure.is_partial) for figure in ctx.series[metric]][-13:], target=row.target),
    )


def _others(ctx: Context, metrics: list[str], previous_name: Text) -> Table:
    head = [
        *(Text("指标", "Metric"), Text("数值", "Value"), Text(f"较{previous_name.zh}", f"vs {previous_name.en}")),
        *(Text("目标或常态", "Target or usual"), Text("状态", "Status"), Text("n", "n"), Text("说明", "Remarks")),
    ]
    rows = []
    for metric in metrics:
        row = ctx.now[metric]
        thin = row.sample_size is not None and row.sample_size < figures.SMALL
        moved = figures.change(row.value, row.previous_value, row.unit)
        remarks = list(flags(row))
        value = missing(reason(row.null_reason))
        if row.value is None:
            remarks.append(reason(row.null_reason))
        else:
            value = number(figures.show(row.value, row.unit), thin=thin)
        status = STATUS.get(row.status or "")
        rows.append(
            [
                Cell(ctx.label(metric)),
                value,
                Cell(moved or figures.NONE, f"number {better(row)}-text" if better(row) else "number"),
                Cell(_target(row) or figures.NONE, "number"),
                Cell(status or figures.NONE, f"{TARGET_STYLE[row.status]}-text" if row.status in TARGET_STYLE else ""),
                number(f"{row.sample_size:,}" if row.sample_size is not None else figures.NONE, thin=thin),
                Cell(joined(remarks, "；", "; ")),
            ]
        )
    return Table(Text("该阶段的其他指标", "Other metrics of the stage"), head, rows)


def build(ctx: Context) -> Section | None:
    """Five stages, the leading figures of each as cards."""
    grain = Text("上月", "last month") if ctx.period.grain == "month" else Text("上周", "last week")
    stages = []
    for stage, leading in LEADING.items():
        cards = tuple(found for metric in leading if (found := card(ctx, metric, grain)) is not None)
        rest = sorted(
            metric
            for metric, row in ctx.now.items()
            if row.stage == stage and metric not in leading and metric in ctx.metrics.definitions
        )
        if cards or rest:
            stages.append(Stage(stage, STAGES[stage], cards, _others(ctx, rest, grain) if rest else None))
    if not stages:
        return None
    return Section(
        "scorecard",
        Text("五个阶段", "Five stages"),
        [Custom("scorecard", stages)],
        lead=Text(
            "从获客到传播，每个阶段先看四项；其余在各阶段的表里。走势只到本期，空心点是未满的周期。",
            "Four leading figures a stage, from acquisition to advocacy; the rest is in the tables. "
            "Histories end with this period; a hollow point is a partial one.",
        ),
    )
