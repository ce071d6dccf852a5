"""Definitions of metrics and dimensions as tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from kpi.export.catalogue import Catalogue
from kpi.export.write import DEFINITIONS, draft_rows

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer

# parts of a description, see CONTRIBUTING.md
_CAVEATS = re.compile(r"\bNot: (.*)$")
_LABELS = {
    "community__community_type": ("社群类型", "Community type", False),
    "community__lifecycle_stage": ("生命周期阶段", "Lifecycle stage", True),
    "community__community_name": ("社群", "Community", False),
    "channel__channel_name": ("渠道", "Channel", False),
    "member__role": ("成员角色", "Member role", False),
}


@dataclass(frozen=True)
class Dimension:
    """A dimension: MetricFlow's name, labels, and whether its values have an order."""

    dimension: str
    label: str
    label_en: str
    is_ordered: bool


def describe_dimensions(names: Sequence[str]) -> list[Dimension]:
    """Labels of dimensions, from ``kpi/labels.yml``."""
    try:
        from kpi.labels import load_labels
    except ImportError:
        known = {name: Dimension(name, *_LABELS[name]) for name in _LABELS}
    else:
        known = {name: Dimension(name, d.zh, d.en, bool(d.ordered)) for name, d in load_labels().dimensions.items()}
    return [known.get(name) or Dimension(name, name, _words(name), False) for name in names]


def _words(name: str) -> str:
    return name.rpartition("__")[2].replace("_", " ").capitalize()


def describe_metrics(db: duckdb.DuckDBPyConnection, catalogue: Catalogue, layer: SemanticLayer, draft: str) -> None:
    """Draft ``metric_definitions``."""
    rows = []
    for metric in catalogue.metrics.values():
        caveats = _CAVEATS.search(metric.description)
        meta = metric.meta
        rows.append(
            (
                *(metric.id, metric.label, metric.label_en, meta["stage"], metric.unit, meta["direction"]),
                *(metric.description, metric.formula, meta.get("clock"), caveats and caveats[1], meta["additivity"]),
                *(meta["version"], ", ".join(meta["source_documents"]), ", ".join(metric.synonyms)),
                *(layer.finest_grain(metric.id), ", ".join(layer.dimensions(metric.id))),
                *(meta.get("kind"), metric.settles_after_days),
            )
        )
    types = {column: "varchar" for column in DEFINITIONS} | {"version": "bigint", "settles_after_days": "bigint"}
    draft_rows(db, draft, types, rows)
