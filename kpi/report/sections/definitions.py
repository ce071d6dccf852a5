"""Definitions of every metric on the page, from the exported definitions."""

from __future__ import annotations

from kpi.report.blocks import Custom, Section
from kpi.report.context import Context
from kpi.report.texts import Text
from kpi.report.words import STAGES


def build(ctx: Context) -> Section | None:
    """Stages, each with its metrics by name."""
    groups = []
    for stage, name in STAGES.items():
        entries = [row for row in ctx.metrics.definitions.values() if row.get("stage") == stage]
        if entries:
            groups.append({"stage": stage, "name": name, "entries": sorted(entries, key=lambda row: row["metric_id"])})
    lead = Text(
        "口径由语义层的定义生成，与报告里的数字同一版本。",
        "Generated from the semantic layer's definitions, of the same version as the figures.",
    )
    return Section("definitions", Text("指标口径", "Definitions"), [Custom("definitions", groups)], lead)
