"""What the export knows about each metric of the catalogue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kpi.definitions import formula_of
from kpi.labels import load_labels
from kpi.targets import MANIFEST, Target

SETTLE_DAYS = 2  # days in which late events of any kind still arrive
UNITS = {
    "count": "人数、次数等整数 whole number of things",
    "yuan": "人民币元 yuan",
    "share": "整体的一部分，0 至 1，按百分数显示 part of a whole, shown in percent",
    "rate": "两个量之比，按百分数显示，可超过 1 或为负 quotient shown in percent that may exceed 1 or fall below 0",
    "ratio": "两个量之比，按数值显示 quotient shown as a plain number",
    "per_person": "每人平均数 mean number per person",
    "minutes": "分钟 minutes",
    "points": "净推荐值，-1 至 1，乘以 100 显示 net score, -1 to 1, shown times 100",
    "number": "随所指的指标而定 in the unit of the metric that it is about",
}
PROPORTION = "proportion"


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """A hash of all definitions of a semantic manifest: the same where they are the same; 16 hexadecimal digits."""
    parts = {key: manifest[key] for key in ("metrics", "saved_queries", "semantic_models")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class ExportError(Exception):
    """What keeps the metrics from being exported, and what to do."""


@dataclass(frozen=True)
class Input:
    """A numerator or denominator.

    Attributes:
        metric: its metric.
        where: filters of MetricFlow under which the ratio takes it.
    """

    metric: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """One metric of the catalogue, as ``config.meta`` beside it and ``kpi/labels.yml`` describe it."""

    id: str
    label: str
    label_en: str
    description: str
    synonyms: tuple[str, ...]
    formula: str
    meta: Mapping[str, Any]
    numerator: Input | None = None
    denominator: Input | None = None

    @property
    def unit(self) -> str:
        """One of ``UNITS``."""
        return self.meta["unit"]

    @property
    def is_proportion(self) -> bool:
        """Whether the numerator counts some of what the denominator counts, each independent of the others."""
        return self.meta.get("kind") == PROPORTION

    @property
    def settles_after_days(self) -> int:
        """Days after the end of a period until later exports no longer move its figure."""
        return max(SETTLE_DAYS, self.meta.get("settles_after_days", 0))


class Catalogue:
    """The metrics of a semantic manifest that are no helpers, by id."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        """Read them.

        Args:
            manifest: content of ``target/semantic_manifest.json``.

        Raises:
            ExportError: for a metric without a known unit.
        """
        self.manifest = manifest
        texts = load_labels().metrics
        self.metrics: dict[str, Metric] = {}
        for found in sorted(manifest["metrics"], key=lambda metric: metric["name"]):
            meta = (found.get("config") or {}).get("meta") or {}
            if meta.get("helper"):
                continue
            if meta.get("unit") not in UNITS:
                raise ExportError(
                    f"{found['name']}: config.meta.unit is {meta.get('unit')!r} in the manifest. Write one of "
                    f"{', '.join(UNITS)} beside the metric in its YAML, then run `dbt parse`."
                )
            self.metrics[found["name"]] = _metric(found, meta, texts)

    @classmethod
    def of(cls, project: Path, target: Target | None = None) -> Catalogue:
        """The catalogue of a dbt project that has been parsed or built; for DuckDB when no target is given."""
        path = target.manifest if target else project / "target" / MANIFEST
        if not path.exists():
            command = f"`{target.dbt('build')}`" if target else "`make build` (or `dbt build`)"
            raise ExportError(f"{path}: missing. Run {command} first.")
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def fingerprint(self) -> str:
        """See ``fingerprint``."""
        return fingerprint(self.manifest)


def _metric(found: Mapping[str, Any], meta: Mapping[str, Any], texts: Mapping[str, Any]) -> Metric:
    name, parameters = found["name"], found["type_params"]
    text = texts.get(name)
    return Metric(
        id=name,
        label=found["label"],
        label_en=(text and text.en) or name.replace("_", " ").capitalize(),
        description=" ".join(found["description"].split()),
        synonyms=tuple(text.synonyms) if text else (),
        formula=formula_of(found).replace("`", ""),
        meta=meta,
        numerator=_input(parameters["numerator"]),
        denominator=_input(parameters["denominator"]),
    )


def _input(part: Mapping[str, Any] | None) -> Input | None:
    if part is None:
        return None
    filters = (part["filter"] or {}).get("where_filters", [])
    return Input(part["name"], tuple(each["where_sql_template"] for each in filters))
