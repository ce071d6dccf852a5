"""Which questions ``kpi export`` asks.

A question is a set of metrics at one grain, by one dimension. Metrics of one fact are asked for together, since
MetricFlow reads a fact once for all of them; the answer to each is the same as alone, as MetricFlow joins finished
columns by their cells. No metric fills its nulls (a test says so), so a cell of another metric adds nothing to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpi.export.catalogue import Catalogue, ExportError, Input

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer

ALL = "all"
SHARED = (
    "community__community_type",
    "community__lifecycle_stage",
    "community__community_name",
    "channel__channel_name",
    "member__role",
)
# metrics that say nothing, or not all, until they are split by these
OWN = {
    "historic_ltv": ("buyer_age__age_days",),
    "target_value": ("target__target_metric",),
    "target_attainment_rate": ("target__target_metric",),
    "segment_members": ("member_snapshot__user_segment", "member_snapshot__loyalty_tier"),
    "segment_share": ("member_snapshot__user_segment", "member_snapshot__loyalty_tier"),
}
GRAINS = ("day", "week", "month", "quarter", "year")
SPLIT_GRAINS = ("week", "month")
OWN_GRAIN = "month"
TOGETHER = 8  # metrics in one question; more make its join slow
_GROUP_BY = re.compile(r"(TimeDimension|Dimension|Entity)\('(\w+)'(?:,\s*'(\w+)')?\)")


@dataclass(frozen=True)
class Ask:
    """One question.

    Attributes:
        metrics: metrics of the catalogue whose values are wanted.
        grain: the period.
        dimension: MetricFlow's name, or ``all``.
        inputs: further metrics asked for beside them: numerators and denominators of the ratios.
    """

    metrics: tuple[str, ...]
    grain: str
    dimension: str = ALL
    inputs: tuple[str, ...] = ()

    @property
    def group_by(self) -> tuple[str, ...]:
        """MetricFlow's names of the group-bys, the period first."""
        return (f"metric_time__{self.grain}", *(() if self.dimension == ALL else (self.dimension,)))

    @property
    def asked(self) -> tuple[str, ...]:
        """All metrics of the question, each once."""
        return tuple(dict.fromkeys((*self.metrics, *self.inputs)))


@dataclass(frozen=True)
class SavedAsk:
    """A saved query.

    Attributes:
        name: its name, and that of its table.
        metrics: its metrics.
        group_by: MetricFlow's names of its group-bys.
        where: its filters.
        description: what it shows.
        label: its label in Chinese.
    """

    name: str
    metrics: tuple[str, ...]
    group_by: tuple[str, ...]
    where: tuple[str, ...]
    description: str
    label: str


def saved_asks(manifest: Mapping[str, Any]) -> list[SavedAsk]:
    """The saved queries of a semantic manifest, by name; their order and limit are a matter of showing."""
    found = []
    for query in sorted(manifest["saved_queries"], key=lambda query: query["name"]):
        asked = query["query_params"]
        filters = (asked["where"] or {}).get("where_filters", [])
        found.append(
            SavedAsk(
                query["name"],
                tuple(asked["metrics"]),
                tuple(_group_by(query["name"], text) for text in asked["group_by"]),
                tuple(each["where_sql_template"] for each in filters),
                " ".join((query["description"] or "").split()),
                query["label"] or "",
            )
        )
    return found


def _group_by(query: str, text: str) -> str:
    match = _GROUP_BY.fullmatch(text)
    if match is None:
        raise ExportError(f"saved query {query}: group-by {text!r} is not understood. Write Dimension('a__b').")
    _, name, grain = match.groups()
    return f"{name}__{grain}" if grain else name


def long_asks(catalogue: Catalogue, layer: SemanticLayer) -> list[Ask]:
    """The questions behind ``metrics.metric_values``: day by nothing, week and month by nothing and by the shared
    dimensions, quarter and year by nothing, and some metrics by dimensions of their own, by month."""
    splits = {name: set(layer.dimensions(name)) for name in catalogue.metrics}
    finest = {name: GRAINS.index(layer.finest_grain(name)) for name in catalogue.metrics}
    order = sorted(catalogue.metrics, key=lambda name: (sorted(facts_of(name, catalogue.manifest)), name))
    asks: list[Ask] = []
    for grain in GRAINS:
        known = [name for name in order if finest[name] <= GRAINS.index(grain)]
        asks += _asks(catalogue, known, grain, ALL)
        for dimension in SHARED if grain in SPLIT_GRAINS else ():
            asks += _asks(catalogue, [name for name in known if dimension in splits[name]], grain, dimension)
    for dimension in dict.fromkeys(dimension for dimensions in OWN.values() for dimension in dimensions):
        names = [name for name in order if dimension in OWN.get(name, ())]
        asks += _asks(catalogue, names, OWN_GRAIN, dimension)
    return asks


def _asks(catalogue: Catalogue, names: Sequence[str], grain: str, dimension: str) -> Iterator[Ask]:
    for start in range(0, len(names), TOGETHER):
        chosen = tuple(names[start : start + TOGETHER])
        inputs = (part for name in chosen for part in _parts(catalogue, name) if not part.where)
        yield Ask(chosen, grain, dimension, tuple(dict.fromkeys(part.metric for part in inputs)))


def filtered_inputs(catalogue: Catalogue, names: Iterable[str]) -> list[Input]:
    """Inputs that the ratios among some metrics take under a filter: each is a question of its own."""
    return list(dict.fromkeys(part for name in names for part in _parts(catalogue, name) if part.where))


def _parts(catalogue: Catalogue, name: str) -> list[Input]:
    metric = catalogue.metrics[name]
    return [part for part in (metric.numerator, metric.denominator) if part]


def facts_of(name: str, manifest: Mapping[str, Any]) -> set[str]:
    """The semantic models that a metric reads."""
    metrics = {metric["name"]: metric for metric in manifest["metrics"]}
    return _facts(name, metrics)


def _facts(name: str, metrics: Mapping[str, Any]) -> set[str]:
    parameters = metrics[name]["type_params"]
    parts = [
        part["name"] for part in (parameters["numerator"], parameters["denominator"], *parameters["metrics"]) if part
    ]
    how = parameters.get("metric_aggregation_params")
    return {fact for part in parts for fact in _facts(part, metrics)} or {how["semantic_model"] if how else ""}
