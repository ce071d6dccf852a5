"""Schema ``metrics`` as the report reads it: one read-only connection, nothing computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


GRAINS = ("week", "month")
WITHHELD = "withheld"  # column of a published file: what is withheld of a row, and why


class ReportError(Exception):
    """Why there is no report, and what to do."""


@dataclass(frozen=True)
class Figure:
    """A row of ``metrics.metric_values``; see its comments. Raw units: shares as 0.01, money in yuan."""

    metric_id: str
    label: str
    label_en: str | None = None
    stage: str | None = None
    unit: str | None = None
    direction: str | None = None
    grain: str | None = None
    period_start: dt.date | None = None
    period_end: dt.date | None = None
    dimension: str | None = None
    dimension_value: str | None = None
    value: float | None = None
    sample_size: int | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    is_partial: bool = False
    is_provisional: bool = False
    previous_value: float | None = None
    previous_year_value: float | None = None
    band_low: float | None = None
    band_high: float | None = None
    target: float | None = None
    attainment: float | None = None
    status: str | None = None
    null_reason: str | None = None


FIELDS = tuple(field.name for field in fields(Figure))


class Metrics:
    """The exported tables behind one open connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        """Look at what is there.

        Raises:
            ReportError: when ``metric_values`` or ``metric_definitions`` was not exported.
        """
        self.connection, self.path = connection, path
        self.columns: dict[str, set[str]] = {}
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = current_database() and schema_name = 'metrics'"
        ).fetchall():
            self.columns.setdefault(table, set()).add(column)
        absent = {"metric_values", "metric_definitions"} - set(self.columns)
        if absent:
            raise ReportError(f"{path}: no table metrics.{min(absent)}. Run `kpi export` first 请先运行 kpi export.")

    def has(self, table: str, *columns: str) -> bool:
        """Whether a table of the schema is there with these columns."""
        return set(columns) <= self.columns.get(table, set()) and table in self.columns

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, times as dates, decimals as floats."""
        but = f"exclude ({WITHHELD})" if self.has(table, WITHHELD) else ""
        answer = self.connection.execute(f'select * {but} from metrics."{table}" order by all')
        names = [column[0] for column in answer.description]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in answer.fetchall()]

    def figures(self, grain: str, dimension: str = "all", value: str | None = "all") -> list[Figure]:
        """Figures of one grain and dimension, by period; all values of the dimension when ``value`` is None."""
        known = [name for name in FIELDS if name in self.columns["metric_values"]]
        asked_for = ", ".join(known)
        if self.has("metric_values", WITHHELD):
            said = f"case when value is null and {WITHHELD} is not null then 'withheld' else null_reason end"
            asked_for = asked_for.replace("null_reason", f"{said} as null_reason")
        condition = "" if value is None else "and dimension_value = $value "
        asked = {"grain": grain, "dimension": dimension} | ({} if value is None else {"value": value})
        answer = self.connection.execute(
            f"select {asked_for} from metrics.metric_values where grain = $grain and dimension = $dimension "
            f"{condition}order by metric_id, dimension_value, period_start",
            asked,
        )
        return [Figure(**dict(zip(known, map(_plain, row), strict=True))) for row in answer.fetchall()]

    def names(self, dimension: str) -> list[str]:
        """Values of a dimension of the long table, sorted."""
        answer = self.connection.execute(
            "select distinct dimension_value from metrics.metric_values "
            "where dimension = ? and dimension_value is not null order by 1",
            [dimension],
        )
        return [row[0] for row in answer.fetchall()]

    @cached_property
    def as_of(self) -> dt.date:
        """The last complete day of the data."""
        return self.connection.execute("select max(as_of)::date from metrics.metric_values").fetchone()[0]

    @cached_property
    def definitions(self) -> dict[str, dict[str, Any]]:
        """Definitions by metric id."""
        return {row["metric_id"]: row for row in self.rows("metric_definitions")}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.date()
    return float(value) if type(value).__name__ == "Decimal" else value


@contextmanager
def open_metrics(path: Path) -> Iterator[Metrics]:
    """Open a warehouse or a published file for reading.

    Raises:
        ReportError: when the file is missing, held by a writer, or has no exported metrics.
    """
    import duckdb  # here, as the command line proper names this module whatever is asked

    from kpi.warehouse import WarehouseError, connect

    try:
        connection = connect(path)
    except WarehouseError as error:
        raise ReportError(str(error)) from error
    except duckdb.Error as error:
        raise ReportError(f"{path}: cannot be read 无法读取: {str(error).splitlines()[0]}") from error
    try:
        yield Metrics(connection, path)
    finally:
        connection.close()
