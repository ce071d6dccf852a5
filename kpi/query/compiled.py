"""From a question to the SQL that answers it and to what is known about its columns: an entry of the cache."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from kpi.definitions import Definitions
from kpi.labels import Labels, load_labels
from kpi.query.filters import dimensions_in, translate
from kpi.query.names import cannot_split, find_dimension, find_metric, nearest
from kpi.query.question import GRAINS, QueryError, Question
from kpi.query.values import checks_of
from kpi.sql import literal

STAGE = "community__lifecycle_stage"


def compile_question(question: Question, project: Path) -> dict[str, Any]:
    """Compile a question.

    Returns:
        ``sql``; ``database``, by which it calls the warehouse, and its ``places``; ``columns`` in the order of the
        answer, each with ``name``, ``zh``, ``en``, ``unit`` (empty for a group-by) and ``values`` (labels of codes);
        ``metrics``, the ids; ``notes``, what whoever reads the answer should know.

    Raises:
        QueryError: when the question has no answer; the message says what is possible.
        FileNotFoundError: when the project has not been built.
    """
    from kpi.semantic import SemanticLayer

    layer = SemanticLayer(project, target=question.target)
    definitions, labels = Definitions(layer.manifest), load_labels(project)
    metrics = list(dict.fromkeys(find_metric(word, definitions, labels) for word in question.metrics))
    if not any("Metric(" in text for text in question.where):
        layer = layer.narrowed(definitions.only(metrics))
    possible = layer.dimensions(*metrics)
    everywhere = sorted({*labels.dimensions, *possible} - {"metric_time"})

    def find(word: str) -> str:
        found = find_dimension(word, possible, labels)
        if found is None:
            raise cannot_split(word, metrics, possible, everywhere, labels)
        return found

    entities = frozenset(layer.entities(*metrics))
    group_by = _group_by(question, find, entities)
    finest = layer.finest_grain(*metrics)
    for name in group_by:
        stem, _, grain = name.rpartition("__")
        if stem == "metric_time" and GRAINS.index(grain) < GRAINS.index(finest):
            raise QueryError(f"{', '.join(metrics)}: 最细到 the shortest period is --grain {finest}, not {grain}")

    def filtered(word: str) -> str:
        return find(_filterable(word, definitions, labels))

    where = [translate(text, filtered, entities, labels) for text in question.where]
    _refuse_moving_window(metrics, where, definitions)
    start, end = (dt.date.fromisoformat(day) if day else None for day in (question.start, question.end))
    order = [_ordered(word, [*group_by, *metrics], definitions, labels) for word in question.order] or group_by
    columns = [_column(name, definitions, labels) for name in (*group_by, *metrics)]
    try:
        if order:
            unsorted = layer.sql_of(metrics, group_by, where, start=start, end=end)
            sql = f"select * from (\n{unsorted}\n) as answer\n{_sorted(order, columns, question.limit)}"
        else:
            sql = layer.sql_of(metrics, group_by, where, limit=question.limit, start=start, end=end)
        checks = checks_of(where, labels, lambda name: layer.sql_of([], [name]))
    except Exception as error:  # MetricFlow's own are of many kinds
        raise QueryError(f"MetricFlow cannot compile this 无法编译: {_first_message(error)}") from error
    grains = [name.rpartition("__")[2] for name in group_by if name.startswith("metric_time__")]
    days = _widened(grains, start, end)
    return {
        "sql": sql,
        "database": layer.database,
        "places": layer.places,
        "metrics": metrics,
        "columns": columns,
        "grain": min(grains, key=GRAINS.index, default=None),
        "range": [day and day.isoformat() for day in days],
        "checks": checks,
        "notes": _notes(days, start, end),
    }


def _group_by(question: Question, find: Any, entities: frozenset[str]) -> list[str]:
    given = [f"metric_time__{question.grain}"] if question.grain else []
    for word in question.by:
        stem, _, grain = word.rpartition("__")
        if word == "metric_time":
            raise QueryError("metric_time: say the period 请给出周期, e.g. --grain month")
        is_plain = word in entities or (stem == "metric_time" and grain in GRAINS)
        given.append(word if is_plain else find(word))
    return list(dict.fromkeys(given))


def _refuse_moving_window(metrics: list[str], where: list[str], definitions: Definitions) -> None:
    """MetricFlow filters before it looks for the last day of a stock, so a stage would move that day."""
    stocks = [name for name in metrics if definitions.is_stock(name)]
    if stocks and any(name.endswith("lifecycle_stage") for text in where for name in dimensions_in(text)):
        raise QueryError(
            f"{', '.join(stocks)}: 存量不能按生命周期阶段过滤 a stock cannot be filtered by lifecycle stage: "
            f"it would be that of the last day in the stage, not of the period. Group instead 请改为分组: --by {STAGE}"
        )


def _ordered(word: str, columns: list[str], definitions: Definitions, labels: Labels) -> str:
    sign, name = ("-", word[1:]) if word.startswith("-") else ("", word)
    if name == "metric_time" and (times := [column for column in columns if column.startswith("metric_time__")]):
        return sign + times[0]
    known = {
        column: [column, labels.column(column, _chinese(column, definitions)), labels.column(column, lang="en")]
        for column in columns
    }
    found = [column for column, names in known.items() if name in names or name == column.rpartition("__")[2]]
    if len(found) != 1:
        near = nearest(name, known) or columns
        raise QueryError(f"--order {word}: 不是结果的列 no column of the answer; there are {', '.join(near)}")
    return sign + found[0]


def _chinese(name: str, definitions: Definitions) -> str:
    return definitions.metrics[name].label if name in definitions.metrics else ""


def _column(name: str, definitions: Definitions, labels: Labels) -> dict[str, Any]:
    metric, dimension = definitions.metrics.get(name), labels.dimensions.get(name)
    chinese = metric.label if metric else ""
    return {
        "name": name,
        "zh": labels.column(name, chinese),
        "en": labels.column(name, chinese, "en"),
        "unit": (metric.unit or "number") if metric else "",
        "values": dict(dimension.values) if dimension else {},
    }


def _filterable(word: str, definitions: Definitions, labels: Labels) -> str:
    """The word, where it may be that of a dimension.

    Raises:
        QueryError: for the time and for a metric, which rows do not have.
    """
    if word in ("metric_time", labels.column("metric_time")):
        raise QueryError(
            f"--where {word}: 时间用 days are given by --from and --to (or metric_time__month = '2026-04-01')"
        )
    metric = definitions.metrics.get(word)
    if metric or word in {known.label for known in definitions.metrics.values()}:
        raise QueryError(f"--where {word}: 过滤只能用维度,不能用指标 filters are for dimensions; {word} is a metric")
    return word


def _sorted(order: list[str], columns: list[dict[str, Any]], limit: int | None) -> str:
    """How rows are sorted: blanks last on every engine, codes as their labels are listed, what has none before them."""
    codes = {column["name"]: column["values"] for column in columns if column["values"]}
    names = [(name.removeprefix("-"), " desc" * name.startswith("-")) for name in order]
    said = []
    for name, direction in names:
        if name in codes:
            places = " ".join(f"when {literal(code)} then {at}" for at, code in enumerate(codes[name]))
            said.append(
                f"case when {name} is null then null else case {name} {places} else -1 end end{direction} nulls last"
            )
        said.append(f"{name}{direction} nulls last")
    return f"order by {', '.join(said)}" + (f" limit {limit}" if limit else "") + "\n"


def _widened(grains: list[str], start: dt.date | None, end: dt.date | None) -> tuple[dt.date | None, dt.date | None]:
    """The days that count: MetricFlow widens a range to whole periods."""
    if not grains:
        return start, end
    coarsest = max(grains, key=GRAINS.index)
    return start and _first(start, coarsest), end and _last(end, coarsest)


def _notes(days: tuple[dt.date | None, dt.date | None], start: dt.date | None, end: dt.date | None) -> list[str]:
    """A range that is wider than asked for; nobody should have to guess that."""
    if days == (start, end):
        return []
    said = " … ".join(str(day) if day else "" for day in days)
    return [f"按整个周期计 whole periods are counted: {said}"]


def _first(day: dt.date, grain: str) -> dt.date:
    months = {"month": 1, "quarter": 3, "year": 12}
    if grain in months:
        return day.replace(month=(day.month - 1) // months[grain] * months[grain] + 1, day=1)
    return day - dt.timedelta(days=day.weekday()) if grain == "week" else day


def _last(day: dt.date, grain: str) -> dt.date:
    beyond = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[grain]
    return _first(_first(day, grain) + dt.timedelta(days=beyond), grain) - dt.timedelta(days=1)


def _first_message(error: Exception) -> str:
    """What MetricFlow says is wrong, without its trees."""
    lines = [line.strip() for line in str(error).splitlines()]
    at = lines.index("Message:") + 1 if "Message:" in lines else 0
    said = []
    for line in lines[at:]:
        if said and not line:
            break
        said += [line] if line else []
    return " ".join(said)[:400] or type(error).__name__
