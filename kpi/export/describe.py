"""Definitions of metrics and dimensions as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from kpi.definitions import Definitions
from kpi.export.catalogue import Catalogue
from kpi.export.write import DEFINITIONS, draft_rows
from kpi.labels import load_labels

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer


@dataclass(frozen=True)
class Dimension:
    """A dimension: MetricFlow's name, labels, and whether its values have an order."""

    dimension: str
    label: str
    label_en: str
    is_ordered: bool


def describe_dimensions(names: Sequence[str]) -> list[Dimension]:
    """Labels of dimensions, from ``kpi/labels.yml``."""
    known = load_labels().dimensions
    return [
        Dimension(name, known[name].zh, known[name].en, known[name].is_ordered)
        if name in known
        else Dimension(name, name, _words(name), False)
        for name in names
    ]


def _words(name: str) -> str:
    return name.rpartition("__")[2].replace("_", " ").capitalize()


def describe_metrics(db: duckdb.DuckDBPyConnection, catalogue: Catalogue, layer: SemanticLayer, draft: str) -> None:
    """Draft ``metric_definitions``."""
    rows = []
    definitions = Definitions(catalogue.manifest)
    for metric in catalogue.metrics.values():
        meta, told = metric.meta, definitions.metrics[metric.id]
        rows.append(
            (
                *(metric.id, metric.label, metric.label_en, meta["stage"], metric.unit, meta["direction"]),
                *(metric.description, metric.formula, meta.get("clock"), told.parts.get("Not"), meta["additivity"]),
                *(meta["version"], ", ".join(meta["source_documents"]), ", ".join(metric.synonyms)),
                *(layer.finest_grain(metric.id), ", ".join(layer.dimensions(metric.id))),
                *(meta.get("kind"), metric.settles_after_days),
                *(told.description_zh, told.formula_zh, told.parts_zh.get("Clock"), told.parts_zh.get("Not")),
            )
        )
    types = dict.fromkeys(DEFINITIONS, "varchar") | {"version": "bigint", "settles_after_days": "bigint"}
    draft_rows(db, draft, types, rows)
