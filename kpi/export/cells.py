"""The answers of MetricFlow, one row per figure.

The drafts are on one DuckDB connection, in memory. Where the warehouse is DuckDB's it is attached beside them; what a
server answers is copied to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import duckdb

from kpi.export.asks import ALL, Ask, SavedAsk, filtered_inputs
from kpi.export.catalogue import Catalogue, Input, Metric
from kpi.sql import quoted

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer

WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
MONEY = "DECIMAL(18,2)"


# puts the answer to a question in SQL into a table of the drafts; returns the types of its columns
Answered = Callable[[duckdb.DuckDBPyConnection, str, str], dict[str, str]]


def answered_here(db: duckdb.DuckDBPyConnection, table: str, sql: str) -> dict[str, str]:
    """The answer of the warehouse that is attached under the name that MetricFlow uses."""
    db.execute(f"create or replace temp table {table} as {sql}")
    return {name: kind for name, kind, *_ in db.execute(f"describe {table}").fetchall()}


def make_cells(db: duckdb.DuckDBPyConnection) -> None:
    """Make the empty table ``cells``: a figure with its numerator and denominator, at its cell."""
    db.execute(
        "create or replace table cells (metric_id varchar, grain varchar, period_start date, dimension varchar, "
        "dimension_value varchar, value double, numerator double, denominator double, is_counted boolean)"
    )


def add_cells(
    db: duckdb.DuckDBPyConnection,
    layer: SemanticLayer,
    catalogue: Catalogue,
    ask: Ask,
    answered: Answered = answered_here,
) -> None:
    """Ask one question and add its figures to ``cells``; what MetricFlow does not know adds no row.

    Args:
        db: connection with the drafts.
        layer: compiles the question.
        catalogue: says which inputs a metric has.
        ask: the question.
        answered: runs it.
    """
    types = answered(db, "answer", layer.sql_of(ask.asked, ask.group_by))
    period, *split = ask.group_by
    joins, columns = [], {}
    for number, part in enumerate(filtered_inputs(catalogue, ask.metrics)):
        table = f"filtered_{number}"
        types[_name(part)] = answered(db, table, layer.sql_of([part.metric], ask.group_by, part.where))[part.metric]
        columns[_name(part)] = f"{table}.{quoted(part.metric)}"
        keys = [f"{table}.{quoted(key)} is not distinct from answer.{quoted(key)}" for key in ask.group_by]
        joins.append(f"left join {table} on {' and '.join(keys)}")
    value = f"cast(answer.{quoted(split[0])} as varchar)" if split else f"'{ALL}'"
    selects = []
    for name in ask.metrics:
        numerator, denominator, is_counted = _parts(catalogue.metrics[name], columns, types)
        figure = f"answer.{quoted(name)}"
        selects.append(
            f"select '{name}', '{ask.grain}', cast(answer.{quoted(period)} as date), '{ask.dimension}', {value}, "
            f"{figure}, {numerator}, {denominator}, {is_counted} from answer {' '.join(joins)} "
            f"where answer.{quoted(period)} is not null and coalesce({figure}, {numerator}, {denominator}) is not null"
        )
    db.execute(f"insert into cells {' union all '.join(selects)}")


def _parts(metric: Metric, columns: dict[str, str], types: dict[str, str]) -> tuple[str, str, str]:
    """Numerator and denominator in SQL, and whether the denominator is a number of things."""
    if metric.numerator is None or metric.denominator is None:
        return "null::double", "null::double", "false"
    numerator, denominator = (
        columns.get(_name(part), f"answer.{quoted(part.metric)}") for part in (metric.numerator, metric.denominator)
    )
    return numerator, denominator, str(types[_name(metric.denominator)] in WHOLE).lower()


def _name(part: Input) -> str:
    return f"{part.metric} where {' and '.join(part.where)}" if part.where else part.metric


def add_saved_query(
    db: duckdb.DuckDBPyConnection, layer: SemanticLayer, ask: SavedAsk, table: str, answered: Answered = answered_here
) -> None:
    """Put the answer of a saved query into a table: its group-bys, then its metrics.

    Periods are dates, counts bigint, money decimal(18, 2); everything else keeps MetricFlow's type.
    """
    types = answered(db, "answer", layer.sql_of(ask.metrics, ask.group_by, ask.where))
    columns = [f"{_cast(quoted(name), name, types[name])} as {quoted(name)}" for name in (*ask.group_by, *ask.metrics)]
    order = ", ".join(str(number + 1) for number in range(len(ask.group_by)))
    db.execute(f"create or replace table {table} as select {', '.join(columns)} from answer order by {order}")


def _cast(column: str, name: str, kind: str) -> str:
    if name.startswith("metric_time__") and kind.startswith("TIMESTAMP"):
        return f"cast({column} as date)"
    if kind == "HUGEINT":
        return f"cast({column} as bigint)"
    if kind.startswith("DECIMAL") and kind.endswith(",2)"):
        return f"cast({column} as {MONEY})"
    return column


def dimensions_of(asks: Sequence[Ask], saved: Sequence[SavedAsk]) -> list[str]:
    """MetricFlow's names of all dimensions by which something is exported."""
    names = {ask.dimension for ask in asks if ask.dimension != ALL}
    names |= {key for ask in saved for key in ask.group_by if not key.startswith("metric_time__")}
    return sorted(names)
