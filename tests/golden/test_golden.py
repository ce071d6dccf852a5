"""Each golden case: what the semantic layer answers is what an oracle counts from the rows themselves."""

from __future__ import annotations

import datetime as dt
import importlib
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

CASES = Path(__file__).parent / "cases"
GRAINS = ("day", "week", "month", "quarter", "year")


def load_cases():
    """Cases of all stages, one per grain that a case names."""
    found = []
    for file in sorted(CASES.glob("*.yml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            for grain in case.get("grains", ["all"]):
                name = f"{file.stem}: {case['case']} [{grain}]"
                found.append(pytest.param(file.stem, case, grain, id=name))
    return found


def plain(value):
    """A value that compares: dates without time, numbers as they are, everything else as text."""
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, (dt.date, int, float, Decimal)):
        return value
    return str(value)


def keyed(names, rows, keys, metrics):
    """{key: values of the metrics} of the rows of which any metric is known."""
    at = {name.lower(): position for position, name in enumerate(names)}
    found = {}
    for row in rows:
        values = tuple(plain(row[at[metric]]) for metric in metrics)
        if any(value is not None for value in values):
            key = tuple(plain(row[at[name]]) for name in keys)
            assert key not in found, f"two rows for {key}"
            found[key] = values
    return found


def is_same(actual, expected):
    """Equal counts and money; other numbers equal to 1e-9."""
    if actual is None or expected is None:
        return actual is expected
    if isinstance(actual, float) or isinstance(expected, float):
        return float(actual) == pytest.approx(float(expected), rel=1e-9, abs=1e-12)
    return Decimal(str(actual)) == Decimal(str(expected))


def expected_rows(raw, stage, case, grain):
    """Names and rows of a case's oracle: SQL over the golden rows, or a function of oracles/<module>.py."""
    text = case["oracle"]
    if text.startswith("python:"):
        module, function = text.removeprefix("python:").strip().split(".")
        rows = getattr(importlib.import_module(f"golden.oracles.{module}"), function)(raw, grain)
        names = list(rows[0]) if rows else []
        return names, [tuple(row[name] for name in names) for row in rows]
    answer = raw.execute(text.replace("{grain}", grain))
    return [column[0] for column in answer.description], answer.fetchall()


@pytest.mark.parametrize(("stage", "case", "grain"), load_cases())
def test_case(engine, raw, stage, case, grain):
    metrics, dimensions = case["metrics"], case.get("by", [])
    time = [f"metric_time__{grain}"] if grain in GRAINS else []
    answer = engine.query(metrics, [*time, *dimensions], case.get("where", []))
    actual = keyed(answer.columns, answer.rows, [*time, *dimensions], metrics)
    names, rows = expected_rows(raw, stage, case, grain)
    expected = keyed(names, rows, [*(["metric_time"] if time else []), *dimensions], metrics) if rows else {}
    # an oracle that finds nothing agrees with a metric that finds nothing: that has to be meant
    assert bool(expected) != bool(case.get("is_unknown")), "the oracle knows an answer" if expected else "no answer"
    wrong = [
        f"{key}: counted {dict(zip(metrics, expected[key], strict=True)) if key in expected else 'nothing'},"
        f" answered {dict(zip(metrics, actual[key], strict=True)) if key in actual else 'nothing'}"
        for key in sorted(expected.keys() | actual.keys(), key=str)
        if key not in expected
        or key not in actual
        or not all(map(is_same, actual[key], expected[key]))
    ]
    assert not wrong, "\n".join(wrong[:20])
    for day, value in case.get("counted", {}).items():
        key = (day,) if time else ()
        assert is_same(expected[key][0], value), f"counted on paper for {day}: {value}, by the oracle {expected[key][0]}"
