"""The first sentences of the page: targets, members, sales, talk; each only what the figures say."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.context import Context
from kpi.report.texts import Text, joined


def _moved(ctx: Context, metric: str) -> Text:
    row = ctx.now[metric]
    moved = figures.change(row.value, row.previous_value, row.unit)
    if moved is None:
        return Text("", "")
    before = Text("上月", "last month") if ctx.period.grain == "month" else Text("上周", "last week")
    return Text(f"（较{before.zh} {moved.zh}）", f" ({moved.en} vs {before.en})")


def _known(ctx: Context, metric: str) -> bool:
    row = ctx.now.get(metric)
    return row is not None and row.value is not None


def _sentence(ctx: Context, *metrics: str) -> Text | None:
    parts = [
        Text(
            f"{ctx.label(metric).zh} {ctx.show(ctx.now[metric].value, metric).zh}",
            f"{ctx.label(metric).en} {ctx.show(ctx.now[metric].value, metric).en}",
        )
        + _moved(ctx, metric)
        for metric in metrics
        if _known(ctx, metric)
    ]
    return joined(parts) + Text("。", ".") if parts else None


def _targets(ctx: Context) -> Text | None:
    judged = {m: row for m, row in ctx.now.items() if row.status in ("on_target", "off_target")}
    if not judged:
        return None
    off = [m for m, row in judged.items() if row.status == "off_target"]
    whose = Text("本群", "of this community") if ctx.community else Text("整体", "of all communities together")
    text = Text(
        f"{whose.zh}有目标的 {len(judged)} 项指标里 {len(judged) - len(off)} 项达标",
        f"{len(judged) - len(off)} of {len(judged)} figures {whose.en} that have a target are on it",
    )
    if off:
        names = joined([ctx.label(metric) for metric in off[:4]], "、", ", ")
        text += Text(f"；未达标：{names.zh}", f"; off: {names.en}")
    return text + Text("。", ".")


def points(ctx: Context) -> list[Text]:
    """At most four sentences."""
    found = [
        _targets(ctx),
        _sentence(ctx, "memberships", "net_membership_growth"),
        _sentence(ctx, "interaction_rate", "membership_retention_rate_d7"),
        _sentence(ctx, "net_sales", "buyer_conversion_rate"),
    ]
    return [text for text in found if text is not None]
