"""问题及解决方法: each figure off its target, what to look at and what the sources prescribe."""

from __future__ import annotations

from kpi.report import diagnosis
from kpi.report.blocks import Custom, Note, Section
from kpi.report.context import Context
from kpi.report.texts import Text
from kpi.report.words import STATUS


def build(ctx: Context) -> Section | None:
    """A card for each finding, most important first."""
    if ctx.campaign:
        return None
    found = diagnosis.diagnose(
        ctx.metrics.connection,
        grain=ctx.period.grain,
        period=ctx.period.start,
        dimension=ctx.dimension,
        value=ctx.member,
    )
    title = Text("问题及解决方法", "Problems and remedies")
    if not found:
        judged = sum(1 for row in ctx.now.values() if row.status is not None)
        text = (
            Text("有目标或常态区间的指标都没有偏离。", "No figure with a target or a usual band is off it.")
            if judged
            else Text("本期没有可判的目标或常态区间，所以没有诊断。", "No target or usual band can be judged here.")
        )
        return Section("remedies", title, [Note(text)])
    shown = [
        {
            "finding": item,
            "label": ctx.label(item.metric_id)
            + (Text(f"（{item.of.zh}）", f" ({item.of.en})") if item.of else Text("", "")),
            "value": ctx.show(item.value, item.metric_id),
            "goal": _goal(ctx, item),
            "status": STATUS.get(item.status, Text(item.status, item.status)),
        }
        for item in found
    ]
    lead = Text(
        "只列偏离目标或常态区间的指标。“先看”与“可做”来自所注的资料，不是本期数据证明的原因。",
        "Only figures off their target or band. What to look at and to do comes from the sources named, "
        "it is not a cause shown by this data.",
    )
    return Section("remedies", title, [Custom("remedies", shown)], lead)


def _goal(ctx: Context, item: diagnosis.Finding) -> Text | None:
    if item.target is not None:
        goal = ctx.show(item.target, item.metric_id)
        return Text(f"目标 {goal.zh}", f"target {goal.en}")
    if item.band_low is not None and item.band_high is not None:
        low, high = ctx.show(item.band_low, item.metric_id), ctx.show(item.band_high, item.metric_id)
        return Text(f"常态 {low.zh}–{high.zh}", f"usual {low.en}–{high.en}")
    return None
