"""Who stands behind a figure.

Every metric is traced to its **inputs**: the sums and counts that it is made of, each with the filters under which it
is taken. Behind each of those stand

1. the distinct persons of its fact who contribute something other than zero to the cell, if the fact knows persons;
   where it does not know whose row of a sum it is (an answer without a name), the row is a person of its own;
2. else the distinct members of the cell at any time of its period (``POPULATION``), if it can be split like that, but
   no more than the figure itself where it is a whole number: three leaves are of three persons at most;
3. else as many as the figure says, if it is a whole number and the members cannot be split like that, or the cell
   has none: likes in no single community, or in one that is dissolved, are somebody's;
4. else nobody: figures of advertisements, costs and targets.

Helpers that count days or months (``about: calendar`` in ``config.meta``), such as those on which an export speaks, are
no inputs: the one day of a day would be one person.

All of them are counted by MetricFlow, as metrics that are added to the definitions for that.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kpi.publish.asked import AskedBefore
    from kpi.semantic import SemanticLayer

POPULATION = "period_members"
CALENDAR = "calendar"
CHUNK = 60  # metrics in one question: more make its SQL slow, fewer make more questions
_CONTRIBUTES = {"count": "({0}) is not null", "count_distinct": "({0}) is not null"}


@dataclass(frozen=True, order=True)
class Input:
    """A simple metric under filters.

    Attributes:
        metric: its name.
        filters: MetricFlow filters of the metrics that it is an input of.
    """

    metric: str
    filters: tuple[str, ...] = ()


def inputs(name: str, metrics: dict[str, dict[str, Any]], filters: tuple[str, ...] = ()) -> set[Input]:
    """The simple metrics that a metric is made of, itself if it is one; none that is about the calendar.

    Raises:
        ValueError: for kinds of metrics whose inputs lie outside of their cell.
    """
    metric = metrics[name]
    if metric.get("type", "simple") == "simple":
        about = ((metric.get("config") or {}).get("meta") or {}).get("about")
        return set() if about == CALENDAR else {Input(name, filters)}
    if metric["type"] not in ("ratio", "derived"):
        raise ValueError(f"{name}: nobody knows yet who stands behind a metric of type {metric['type']}")
    filters += _filters(metric)
    params = metric["type_params"]
    found: set[Input] = set()
    for part in (params["numerator"], params["denominator"], *params["metrics"]):
        if part is None:
            continue
        if part.get("offset_window") or part.get("offset_to_grain"):
            raise ValueError(f"{name}: nobody knows yet who stands behind an input of another period")
        found |= inputs(part["name"], metrics, filters + _filters(part))
    return found


def _filters(defined: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one["where_sql_template"] for one in (defined.get("filter") or {}).get("where_filters", ()))


def _filtered(of: Input, metrics: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """A copy of a simple metric under a name of its own, with the filters of an input."""
    metric = json.loads(json.dumps(metrics[of.metric]))
    where = [{"where_sql_template": text} for text in (*_filters(metric), *of.filters)]
    return metric | {"name": name, "filter": {"where_filters": where} if where else None}


def persons_of(
    of: Input, metrics: dict[str, dict[str, Any]], models: dict[str, dict[str, Any]], name: str
) -> dict[str, Any] | None:
    """A metric ``name`` that counts the persons who contribute to an input; None where its fact knows none."""
    metric = _filtered(of, metrics, name)
    how = metric["type_params"]["metric_aggregation_params"]
    person = _person(how["semantic_model"], models)
    if person is None:
        return None
    figure = metric["type_params"]["expr"] or of.metric
    # float, and a varchar with a length, are types of every engine
    condition = _CONTRIBUTES.get(how["agg"], "coalesce(cast(({0}) as float), 0) <> 0").format(figure)
    row = _row_of_a_member(how["semantic_model"], models) if how["agg"] == "sum" else None
    somebody = f"coalesce({person}, cast({row} as varchar(255)))" if row else person
    metric["type_params"]["expr"] = f"case when {condition} then {somebody} end"
    how["agg"] = "count_distinct"
    return metric


def counts_persons(of: Input, metrics: dict[str, dict[str, Any]], models: dict[str, dict[str, Any]]) -> bool:
    """Whether an input is a number of distinct persons: who comes twice in a period counts once in it."""
    params = metrics[of.metric]["type_params"]
    how = params["metric_aggregation_params"]
    person = _person(how["semantic_model"], models)
    return how["agg"] == "count_distinct" and person is not None and (params["expr"] or of.metric) == person


def _person(model: str, models: dict[str, dict[str, Any]]) -> str | None:
    """The column of a fact that names its person."""
    entities = {entity["name"]: entity["expr"] or entity["name"] for entity in models[model]["entities"]}
    return entities.get("member") or entities.get("staff")


def _row_of_a_member(model: str, models: dict[str, dict[str, Any]]) -> str | None:
    """The column that names a row of a fact of members; of staff a row may be nobody's, such as a target for all."""
    entities = {entity["name"]: entity for entity in models[model]["entities"]}
    keys = [entity["expr"] or entity["name"] for entity in entities.values() if entity.get("type") == "primary"]
    return keys[0] if "member" in entities and keys else None


class People:
    """Counts the persons behind inputs, by the cells of a split."""

    def __init__(self, layer: SemanticLayer | AskedBefore, manifest: dict[str, Any], wanted: Collection[Input]) -> None:
        """Add what counts persons to the definitions.

        Args:
            layer: the semantic layer.
            manifest: content of ``target/semantic_manifest.json``.
            wanted: the inputs that will be asked for.
        """
        metrics = {metric["name"]: metric for metric in manifest["metrics"]}
        models = {model["name"]: model for model in manifest["semantic_models"]}
        self._persons: dict[Input, str] = {}
        self._figures: dict[Input, str] = {}
        self._model = {of: metrics[of.metric]["type_params"]["metric_aggregation_params"]["semantic_model"]
                       for of in wanted}  # fmt: skip
        added = []
        for number, of in enumerate(sorted(wanted)):
            if made := persons_of(of, metrics, models, f"persons_{number}"):
                self._persons[of] = made["name"]
                added.append(made)
            elif of.filters:
                self._figures[of] = f"figure_{number}"
                added.append(_filtered(of, metrics, self._figures[of]))
            else:
                self._figures[of] = of.metric
        self._layer = layer.defined_by({**manifest, "metrics": [*manifest["metrics"], *added]})

    def behind(self, keys: Sequence[str], wanted: Collection[Input]) -> dict[Input, dict[tuple, int]]:
        """By input and cell, the number of persons; cells are the values of ``keys``, times as dates."""
        of_model = sorted(wanted, key=lambda of: (self._model[of], of))
        known = {self._persons[of]: of for of in of_model if of in self._persons}
        counts = {known[name]: cells for name, cells in self._ask(keys, list(known)).items()}
        if rest := {self._figures[of]: of for of in of_model if of in self._figures}:
            population = self.population(keys)
            for name, cells in self._ask(keys, list(rest)).items():
                inside = {cell: n for cell, n in (population or {}).items() if n}
                # nobody knows whom it counts: a whole number is of so many at most
                alone = {cell: n for cell, n in cells.items() if cell not in inside and isinstance(n, int) and n > 0}
                counts[rest[name]] = {cell: at_most(n, cells.get(cell)) for cell, n in inside.items()} | alone
        return {of: {cell: int(n or 0) for cell, n in cells.items()} for of, cells in counts.items()}

    def population(self, keys: Sequence[str]) -> dict[tuple, int] | None:
        """The members of each cell; None where they cannot be split like that."""
        try:
            return self._ask(keys, [POPULATION])[POPULATION]
        except Exception:  # the engine's own errors are of many kinds
            return None

    def _ask(self, keys: Sequence[str], names: Sequence[str]) -> dict[str, dict[tuple, Any]]:
        found = {}
        for start in range(0, len(names), CHUNK):
            asked = list(names[start : start + CHUNK])
            answer = self._layer.query(asked, list(keys))
            places = [answer.columns.index(key) for key in keys]
            for name in asked:
                at = answer.columns.index(name)
                found[name] = {tuple(day(row[place]) for place in places): row[at] for row in answer.rows}
        return found


def day(value: Any) -> Any:
    """A time as the date on which it begins; anything else as it is."""
    return value.date() if isinstance(value, datetime.datetime) else value


def at_most(persons: int, figure: Any) -> int:
    """Persons behind a figure of a cell with so many persons; money, shares and balances may be anybody's."""
    return min(persons, figure) if isinstance(figure, int) and figure >= 0 else persons
