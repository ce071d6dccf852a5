"""The kinds of checks that suites may name, each with its expectation, its baseline and its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from kpi.boundaries.suites import Check

# what a category that the baseline does not have may weigh; without it one new category would be infinitely far away
NEW_CATEGORIES = 0.005
EXAMPLES = 3


@dataclass(frozen=True)
class Kind:
    """One kind of check.

    Attributes:
        expectation: name of the class in Great Expectations.
        arguments: its arguments, from the check and the value of its baseline.
        baseline: SQL expression of the usual value, over the relation; none for kinds that need no baseline.
        is_listed: whether the baseline is all the values of a column instead of one.
    """

    expectation: str
    arguments: Callable[[Check, Any], dict[str, Any]]
    baseline: str | None = None


def _near(check: Check, usual: float) -> dict[str, Any]:
    """Limits around the usual value: a factor (``times``) or a distance (``plus``)."""
    if "times" in check.settings:
        low, high = (usual * factor for factor in check.settings["times"])
    else:
        low, high = usual - check.settings["plus"], usual + check.settings["plus"]
    return {"column": check.column, "min_value": round(low, 6), "max_value": round(high, 6)}


def _mix(check: Check, usual: dict[Any, float]) -> dict[str, Any]:
    total = sum(usual.values())  # 1, but for the rounding in the file
    return {
        "column": check.column,
        "partition_object": {"values": list(usual), "weights": [share / total for share in usual.values()]},
        "threshold": check.settings["at_most"],
        "tail_weight_holdout": NEW_CATEGORIES,
    }


def _contains(check: Check, usual: list[Any]) -> dict[str, Any]:
    return {"column": check.column, "value_set": usual}


def _none(check: Check, _: Any) -> dict[str, Any]:
    return {"unexpected_rows_query": f"select * from {{batch}} where {_where(check)}"}


def _limit(check: Check, _: Any) -> dict[str, Any]:
    return {"column": check.column, f"{check.expect}_value": check.settings[check.expect]}


def _not_null(check: Check, _: Any) -> dict[str, Any]:
    return {"column": check.column}


KINDS = {
    "median": Kind("ExpectColumnMedianToBeBetween", _near, "median({column})"),
    "mean": Kind("ExpectColumnMeanToBeBetween", _near, "avg({column})"),
    "present": Kind("ExpectColumnProportionOfNonNullValuesToBeBetween", _near, "count({column}) / count(*)"),
    "mix": Kind("ExpectColumnKLDivergenceToBeLessThan", _mix, "histogram({column})"),
    "contains": Kind("ExpectColumnDistinctValuesToContainSet", _contains, "list(distinct {column})"),
    "min": Kind("ExpectColumnMinToBeBetween", _limit),
    "max": Kind("ExpectColumnMaxToBeBetween", _limit),
    "none": Kind("UnexpectedRowsExpectation", _none),
    "not_null": Kind("ExpectColumnValuesToNotBeNull", _not_null),
}


def usual_value(connection: duckdb.DuckDBPyConnection, check: Check) -> Any:
    """The value of a check's baseline over its relation as it is now, plain enough for YAML."""
    expression = (KINDS[check.expect].baseline or "").format(column=_quoted(check.column))
    value = _rows(connection, f"select {expression} from {_quoted(check.of)}")[0][0]
    if check.expect == "mix":
        total = sum(value.values())
        return {key: round(count / total, 5) for key, count in sorted(value.items())}
    if check.expect == "contains":
        return sorted(value)
    return None if value is None else round(float(value), 5)


def made(check: Check, usual: Any) -> Any:
    """The expectation of Great Expectations for a check."""
    import great_expectations.expectations as expectations

    kind = KINDS[check.expect]
    return getattr(expectations, kind.expectation)(
        **kind.arguments(check, usual),
        severity="critical" if check.severity == "error" else "warning",
        meta={"check": check.name},
        notes=[check.reason, f"→ {check.action}"],
    )


def observed(connection: duckdb.DuckDBPyConnection, check: Check, usual: Any, result: dict[str, Any]) -> str:
    """What was seen where a check failed, in words that name the place."""
    if check.expect == "mix":
        return _moved(result)
    if check.expect == "contains":
        return f"not there: {', '.join(map(str, result.get('partial_missing_list', [])))}"
    value = result.get("observed_value")
    if check.expect in ("none", "min", "max", "not_null"):
        count = _rows(connection, f"select count(*) from {_quoted(check.of)} where {_where(check)}")[0][0]
        return f"{count} rows, e.g. {_examples(connection, check)}"
    limits = KINDS[check.expect].arguments(check, usual)
    if value is None:
        return "no value at all"
    return (
        f"{_number(value)}, usual {_number(usual)} ({_number(limits['min_value'])} to {_number(limits['max_value'])})"
    )


def _where(check: Check) -> str:
    """The condition of the rows that are not as expected."""
    column = _quoted(check.column) if check.column else ""
    if check.expect == "none":
        return check.settings["where"].replace("{column}", check.column or "")
    if check.expect == "not_null":
        return f"{column} is null"
    sign = "<" if check.expect == "min" else ">"
    return f"{column} {sign} {check.settings[check.expect]}"


def _examples(connection: duckdb.DuckDBPyConnection, check: Check) -> str:
    """The first rows that are not as expected: of a wide table only what names the row and the column itself."""
    shown = "*"
    if check.expect != "none":
        keys = "columns(lambda c: c in ('month', 'community', 'community_type', 'part'))"
        shown = f"{keys}, {_quoted(check.column)}"
    found = connection.execute(f"select {shown} from {_quoted(check.of)} where {_where(check)} limit {EXAMPLES}")
    names = [part[0] for part in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return "; ".join(
        ", ".join(f"{key}={_number(cell)}" for key, cell in row.items() if cell is not None) for row in rows
    )


def _moved(result: dict[str, Any]) -> str:
    """The categories whose shares moved most."""
    details = result.get("details") or {}
    parts = [details.get(key) or {"values": [], "weights": []} for key in ("observed_partition", "expected_partition")]
    now, usual = (dict(zip(part["values"], part["weights"], strict=True)) for part in parts)
    far = sorted(now.keys() | usual.keys(), key=lambda key: -abs(now.get(key, 0) - usual.get(key, 0)))
    moves = [f"{key}: {usual.get(key, 0):.0%} → {now.get(key, 0):.0%}" for key in far[:EXAMPLES]]
    return f"distance {_number(result.get('observed_value'))}; {', '.join(moves)}"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return str(value)


def _quoted(name: str | None) -> str:
    return '"' + (name or "").replace('"', '""') + '"'


def _rows(connection: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[Any, ...]]:
    return connection.execute(statement).fetchall()
