"""Definitions of every metric on the page, from the exported definitions."""

from __future__ import annotations

from typing import Any

from kpi.definitions import PARTS, parts_of, parts_of_chinese
from kpi.report.blocks import Custom, Section
from kpi.report.context import Context
from kpi.report.texts import Text
from kpi.report.words import STAGES

FORMULA = Text("公式", "Formula")


def parts(row: dict[str, Any]) -> list[dict[str, Text]]:
    """A definition of ``metric_definitions`` by its parts and formula; a file exported before has English only."""
    said = row.get("definition") or ""
    english = parts_of(said) or {"Answers": said}
    chinese = parts_of_chinese(row.get("definition_zh") or "") or english
    formula = row.get("formula") or ""
    found = [(Text(PARTS[name], name), Text(chinese.get(name, ""), text)) for name, text in english.items()]
    if formula:
        place = next((at for at, (name, _) in enumerate(found) if name.en == "Clock"), len(found))
        found.insert(place, (FORMULA, Text(row.get("formula_zh") or formula, formula)))
    return [{"name": name, "text": text} for name, text in found]


def build(ctx: Context) -> Section | None:
    """Stages, each with its metrics by name."""
    groups = []
    for stage, name in STAGES.items():
        entries = [row for row in ctx.metrics.definitions.values() if row.get("stage") == stage]
        if entries:
            entries = [{**row, "parts": parts(row)} for row in sorted(entries, key=lambda row: row["metric_id"])]
            groups.append({"stage": stage, "name": name, "entries": entries})
    lead = Text(
        "口径由语义层的定义生成，与报告里的数字同一版本。",
        "Generated from the semantic layer's definitions, of the same version as the figures.",
    )
    return Section("definitions", Text("指标口径", "Definitions"), [Custom("definitions", groups)], lead)
