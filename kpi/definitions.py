"""What the metrics mean, read from ``target/semantic_manifest.json`` without MetricFlow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kpi.targets import find_target

# the parts of which a definition is made, in this order, and their names in Chinese
PARTS = {
    "Answers": "回答",
    "Counts": "计入",
    "Numerator": "分子",
    "Denominator": "分母",
    "Clock": "时间口径",
    "Null and zero": "空与零",
    "Not": "注意",
}
COUNTED = tuple(PARTS)[:4]
LIMITS = tuple(PARTS)[5:]
_NAMED = re.compile(r"Metric\(\s*'(\w+)'")  # a metric in the filter of another one
_PART = re.compile(rf"(?:^|(?<=[.?!] ))({'|'.join(PARTS)}): ")
_PART_ZH = re.compile(rf"(?:^|(?<=[。？]))({'|'.join(PARTS.values())})：")
_AGGREGATIONS = {"sum": "合计", "count_distinct": "去重计数", "median": "中位数"}
# what an expression of a derived metric is read as, from the inside out
_READ = (
    (r"coalesce\((\w+), 0\)", r"\1（无则为 0）"),
    (r"nullif\((\w+), 0\)", r"\1"),
    (r"case when (.+) then (.+) end", r"\2（仅当 \1）"),
    (r">=", "≥"),
    (r"<=", "≤"),
    (r" and ", " 且 "),
    (r" or ", " 或 "),
    (r" - ", " − "),
    (r" / ", " ÷ "),
)


def parts_of(text: str) -> dict[str, str]:
    """A definition by its parts, ``PARTS``; text before the first one is not told."""
    said = _PART.split(text)
    return {name: part.strip() for name, part in zip(said[1::2], said[2::2], strict=True)}


def parts_of_chinese(text: str) -> dict[str, str]:
    """A definition in Chinese by its parts, under their English names."""
    english = {zh: en for en, zh in PARTS.items()}
    said = _PART_ZH.split(text)
    return {english[name]: part for name, part in zip(said[1::2], said[2::2], strict=True)}


@dataclass(frozen=True)
class Metric:
    """A metric as its YAML defines it.

    Attributes:
        name: its id.
        label: in Chinese.
        description: one line.
        meta: ``config.meta``: stage, additivity, direction, unit, clock, version, source_documents, helper.
        formula: how it is made, see ``formula_of``.
        formula_zh: the same by labels, see ``chinese_formula``.
    """

    name: str
    label: str
    description: str
    meta: Mapping[str, Any]
    formula: str
    formula_zh: str = ""

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
        """The description by its parts, see ``parts_of``."""
        return parts_of(self.description)

    @cached_property
    def parts_zh(self) -> dict[str, str]:
        """``config.meta.definition_zh`` by the same parts; empty for helpers."""
        said = self.meta.get("definition_zh", {})
        keys = {name: name.lower().replace(" ", "_") for name in PARTS}
        return {name: said[key] for name, key in keys.items() if key in said}

    @property
    def definition(self) -> str:
        """What it answers and counts, or its numerator and denominator."""
        return " ".join(f"{name}: {self.parts[name]}" for name in COUNTED if name in self.parts) or self.description

    @property
    def definition_zh(self) -> str:
        """The same in Chinese; in English where there is none."""
        return _joined(self.parts_zh, COUNTED) or self.definition

    @property
    def description_zh(self) -> str | None:
        """All parts in Chinese, one after another; None for helpers."""
        return _joined(self.parts_zh, tuple(PARTS)) or None

    @property
    def caveats(self) -> str:
        """When it is null and when zero, and what it is not."""
        return " ".join(f"{name}: {self.parts[name]}" for name in LIMITS if name in self.parts)

    @property
    def caveats_zh(self) -> str:
        """The same in Chinese; in English where there is none."""
        return _joined(self.parts_zh, LIMITS) or self.caveats


def _joined(parts: Mapping[str, str], names: Iterable[str]) -> str:
    return "".join(f"{PARTS[name]}：{parts[name]}" for name in names if name in parts)


class Definitions:
    """The metrics of a manifest."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        """Take the content of a ``semantic_manifest.json``."""
        self._manifest = manifest
        self._raw = {metric["name"]: metric for metric in manifest["metrics"]}
        labels = {name: raw["label"] or name for name, raw in self._raw.items()}
        self.metrics = {
            name: Metric(
                name,
                raw["label"] or name,
                " ".join((raw["description"] or "").split()),
                raw["config"]["meta"],
                formula_of(raw),
                chinese_formula(raw, labels),
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

    def only(self, names: Iterable[str]) -> dict[str, Any]:
        """The manifest with these metrics, all that they are made of, and no others."""
        kept: set[str] = set()
        waiting = list(names)
        while waiting:
            if (name := waiting.pop()) not in kept:
                kept.add(name)
                waiting += [*_inputs(self._raw[name]), *_NAMED.findall(json.dumps(self._raw[name]))]
        metrics = [metric for metric in self._manifest["metrics"] if metric["name"] in kept]
        return {**self._manifest, "metrics": metrics, "saved_queries": []}

    def is_stock(self, name: str) -> bool:
        """Whether it takes, of a period, the last day that it finds: a filter then decides which day that is."""
        aggregations = (self._raw[leaf]["type_params"]["metric_aggregation_params"] for leaf in self.leaves(name))
        return any(how and how["non_additive_dimension"] for how in aggregations)


def read_definitions(project: Path, target: str | None = None) -> Definitions:
    """The definitions that dbt wrote in a project.

    Args:
        project: its folder.
        target: of profiles.yml; that of the environment when omitted.

    Raises:
        FileNotFoundError: when the project has not been parsed or built yet.
    """
    return Definitions(json.loads(find_target(project, target).required_manifest().read_bytes()))


def formula_of(metric: Mapping[str, Any]) -> str:
    """How a metric of a manifest is made, in one line."""
    parameters = metric["type_params"]
    kind = metric["type"]
    if kind == "ratio":
        return f"`{parameters['numerator']['name']}` / `{parameters['denominator']['name']}`"
    if kind == "derived":
        return f"`{_expression(parameters)}`"
    if kind == "cumulative":
        cumulative = parameters["cumulative_type_params"]
        window, inner = cumulative["window"], cumulative["metric"]
        days = f"{window['count']} {window['granularity']}s" if window else "all time"
        return f"`{inner['name']}` over the trailing {days}"
    aggregation = parameters.get("metric_aggregation_params") or {}
    return f"{aggregation.get('agg', 'sum')} in `{aggregation.get('semantic_model', '')}`"


def chinese_formula(metric: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """How a metric of a manifest is made, in Chinese: by the labels of what it is made of.

    Args:
        metric: of the manifest.
        labels: of all its metrics, by id.
    """
    parameters = metric["type_params"]
    kind = metric["type"]
    if kind == "ratio":
        return f"{labels[parameters['numerator']['name']]} ÷ {labels[parameters['denominator']['name']]}"
    if kind == "derived":
        said = _expression(parameters)
        for sql, words in _READ:
            said = re.sub(sql, words, said)
        names = {part["alias"] or part["name"]: labels[part["name"]] for part in parameters["metrics"]}
        return re.sub(r"[a-z_]\w*", lambda found: names.get(found[0], found[0]), said)
    if kind == "cumulative":
        window = parameters["cumulative_type_params"]["window"]
        inner = labels[parameters["cumulative_type_params"]["metric"]["name"]]
        return f"近 {window['count']} 天的{inner}" if window else f"至今的{inner}"
    aggregation = parameters.get("metric_aggregation_params") or {}
    how = aggregation.get("agg", "sum")
    return f"{aggregation.get('semantic_model', '')} 的{_AGGREGATIONS.get(how, how)}"


def _expression(parameters: Mapping[str, Any]) -> str:
    """The expression of a derived metric, without what only tells engines that a number has a binary fraction."""
    return re.sub(r"\b(\d+)e0\b", r"\1", " ".join(parameters["expr"].split()))


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
