"""What the metrics mean, read from ``target/semantic_manifest.json`` without MetricFlow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

PARTS = ("Answers", "Counts", "Numerator", "Denominator", "Clock", "Null and zero", "Not")
_PART = re.compile(rf"(?:^|(?<=[.?!] ))({'|'.join(PARTS)}): ")


@dataclass(frozen=True)
class Metric:
    """A metric as its YAML defines it.

    Attributes:
        name: its id.
        label: in Chinese.
        description: one line.
        meta: ``config.meta``: stage, additivity, direction, unit, clock, version, source_documents, helper.
        formula: how it is made, see ``formula_of``.
    """

    name: str
    label: str
    description: str
    meta: Mapping[str, Any]
    formula: str

    @property
    def is_helper(self) -> bool:
        """Whether it only feeds others."""
        return bool(self.meta.get("helper"))

    @property
    def unit(self) -> str:
        """Such as ``count``, ``yuan``, ``share``, ``rate``, ``ratio``, ``minutes``; empty where none is said."""
        return self.meta.get("unit", "")

    @cached_property
    def parts(self) -> dict[str, str]:
        """The description by its parts, ``PARTS``; text before the first one is not told."""
        said = _PART.split(self.description)
        return {name: text.strip() for name, text in zip(said[1::2], said[2::2], strict=True)}

    @property
    def definition(self) -> str:
        """What it answers and counts, or its numerator and denominator."""
        named = [f"{name}: {self.parts[name]}" for name in PARTS[:4] if name in self.parts]
        return " ".join(named) or self.description

    @property
    def caveats(self) -> str:
        """When it is null and when zero, and what it is not."""
        return " ".join(f"{name}: {self.parts[name]}" for name in PARTS[5:] if name in self.parts)


class Definitions:
    """The metrics of a manifest."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        """Take the content of a ``semantic_manifest.json``."""
        self._raw = {metric["name"]: metric for metric in manifest["metrics"]}
        self.metrics = {
            name: Metric(
                name,
                raw["label"] or name,
                " ".join((raw["description"] or "").split()),
                raw["config"]["meta"],
                formula_of(raw),
            )
            for name, raw in self._raw.items()
        }

    @property
    def catalogue(self) -> dict[str, Metric]:
        """The metrics that are no helpers."""
        return {name: metric for name, metric in self.metrics.items() if not metric.is_helper}

    @property
    def private(self) -> set[str]:
        """Metrics that nobody asks for: they hold what others withhold."""
        return {name for name, raw in self._raw.items() if raw["type_params"]["is_private"]}

    def leaves(self, name: str) -> set[str]:
        """The simple metrics that a metric is made of; a simple one is its own."""
        inputs = _inputs(self._raw[name])
        return set().union(*(self.leaves(other) for other in inputs)) if inputs else {name}

    def is_stock(self, name: str) -> bool:
        """Whether it takes, of a period, the last day that it finds: a filter then decides which day that is."""
        aggregations = (self._raw[leaf]["type_params"]["metric_aggregation_params"] for leaf in self.leaves(name))
        return any(how and how["non_additive_dimension"] for how in aggregations)


def read_definitions(project: Path) -> Definitions:
    """The definitions that dbt wrote in a project.

    Raises:
        FileNotFoundError: when the project has not been parsed or built yet.
    """
    file = project / "target" / "semantic_manifest.json"
    if not file.exists():
        raise FileNotFoundError(f"{file} is missing. Run `make build` (or `dbt build`) first.")
    return Definitions(json.loads(file.read_bytes()))


def formula_of(metric: Mapping[str, Any]) -> str:
    """How a metric of a manifest is made, in one line."""
    parameters = metric["type_params"]
    kind = metric["type"]
    if kind == "ratio":
        return f"`{parameters['numerator']['name']}` / `{parameters['denominator']['name']}`"
    if kind == "derived":
        return f"`{' '.join(parameters['expr'].split())}`"
    if kind == "cumulative":
        cumulative = parameters["cumulative_type_params"]
        window, inner = cumulative["window"], cumulative["metric"]
        days = f"{window['count']} {window['granularity']}s" if window else "all time"
        return f"`{inner['name']}` over the trailing {days}"
    aggregation = parameters.get("metric_aggregation_params") or {}
    return f"{aggregation.get('agg', 'sum')} in `{aggregation.get('semantic_model', '')}`"


def _inputs(metric: Mapping[str, Any]) -> list[str]:
    parameters = metric["type_params"]
    cumulative = parameters.get("cumulative_type_params") or {}
    given = [
        *(parameters["metrics"] or ()),
        parameters["numerator"],
        parameters["denominator"],
        cumulative.get("metric"),
    ]
    conversion = parameters.get("conversion_type_params") or {}
    given += [conversion.get("base_metric"), conversion.get("conversion_metric")]
    return [item["name"] for item in given if item]
