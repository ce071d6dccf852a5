"""Golden cases: questions to the semantic layer, each with an oracle that counts from the rows themselves."""

from __future__ import annotations

import datetime as dt
import importlib
import math
import pkgutil
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import yaml

from harness.golden import FOLDER, oracle

CASES = FOLDER / "cases"
GRAINS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Case:
    """One case at one grain.

    Attributes:
        stage: name of the file without its ending.
        grain: ``day`` to ``year``, or ``all`` for a question without time.
        text: the case as written: ``case``, ``metrics``, ``by``, ``where``, ``oracle``, ``is_unknown``, ``counted``.
    """

    stage: str
    grain: str
    text: dict[str, Any]

    @property
    def name(self) -> str:
        """Stage, sentence and grain."""
        return f"{self.stage}: {self.text['case']} [{self.grain}]"

    @property
    def metrics(self) -> list[str]:
        """Ids of the metrics that are asked together."""
        return self.text["metrics"]

    @property
    def group_by(self) -> list[str]:
        """Group-bys in the words of MetricFlow, time first."""
        time = [f"metric_time__{self.grain}"] if self.grain in GRAINS else []
        return [*time, *self.text.get("by", [])]

    @property
    def where(self) -> list[str]:
        """Filters in the words of MetricFlow."""
        return self.text.get("where", [])


def load_cases() -> list[Case]:
    """Cases of all files, one per grain that a case names."""
    return [
        Case(file.stem, grain, text)
        for file in sorted(CASES.glob("*.yml"))
        for text in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for grain in text.get("grains", ["all"])
    ]


def golden_rows() -> duckdb.DuckDBPyConnection:
    """The golden rows as a person wrote them, with the tables that the oracles derive from them."""
    from golden import oracles

    connection = oracle()
    names = sorted(module.name for module in pkgutil.iter_modules(oracles.__path__))
    # people come first, then orders: everybody else counts them
    for name in sorted(names, key=lambda name: (name != "people", name != "orders", name)):
        module = importlib.import_module(f"golden.oracles.{name}")
        if hasattr(module, "prepare"):
            module.prepare(connection)
    return connection


def plain(value: Any) -> Any:
    """A value that compares: dates without time, numbers as they are, everything else as text."""
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, (dt.date, int, float, Decimal)):
        return value
    return str(value)


Values = dict[tuple, tuple]


def keyed(names: list[str], rows: list[tuple], keys: list[str], metrics: list[str]) -> Values:
    """{key: values of the metrics} of the rows of which any metric is known."""
    at = {name.lower(): position for position, name in enumerate(names)}
    found: Values = {}
    for row in rows:
        values = tuple(plain(row[at[metric]]) for metric in metrics)
        if any(value is not None for value in values):
            key = tuple(plain(row[at[name]]) for name in keys)
            assert key not in found, f"two rows for {key}"
            found[key] = values
    return found


def is_same(actual: Any, expected: Any) -> bool:
    """Equal counts and money; other numbers equal to 1e-9."""
    if actual is None or expected is None:
        return actual is expected
    if isinstance(actual, float) or isinstance(expected, float):
        return math.isclose(float(actual), float(expected), rel_tol=1e-9, abs_tol=1e-12)
    return Decimal(str(actual)) == Decimal(str(expected))


def expected(raw: duckdb.DuckDBPyConnection, case: Case) -> Values:
    """What the oracle of a case counts: SQL over the golden rows, or a function of golden/oracles."""
    text = case.text["oracle"]
    if text.startswith("python:"):
        module, function = text.removeprefix("python:").strip().split(".")
        found = getattr(importlib.import_module(f"golden.oracles.{module}"), function)(raw, case.grain)
        names = list(found[0]) if found else []
        rows = [tuple(row[name] for name in names) for row in found]
    else:
        answer = raw.execute(text.replace("{grain}", case.grain))
        names, rows = [column[0] for column in answer.description], answer.fetchall()
    keys = [*(["metric_time"] if case.grain in GRAINS else []), *case.text.get("by", [])]
    return keyed(names, rows, keys, case.metrics) if rows else {}


def differences(counted: Values, answered: Values, metrics: list[str]) -> list[str]:
    """One line for each group in which the answer is not what was counted."""
    return [
        f"{key}: counted {dict(zip(metrics, counted[key], strict=True)) if key in counted else 'nothing'},"
        f" answered {dict(zip(metrics, answered[key], strict=True)) if key in answered else 'nothing'}"
        for key in sorted(counted.keys() | answered.keys(), key=str)
        if key not in counted or key not in answered or not all(map(is_same, answered[key], counted[key]))
    ]
