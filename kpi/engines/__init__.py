"""The engine that holds a warehouse: how its SQL is written, and how it is read without being in anybody's way.

* ``duckdb``: one file, attached read-only while it is asked.
* ``postgres``, ``spark``: servers, reached as ``profiles.yml`` says. Their drivers come with locks of their own and are
  loaded when they are asked.

An engine more is a class with the members of ``Engine``, a line in ``engine_of`` and a renderer in ``kpi.semantic``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from kpi.targets import Target, TargetError
from kpi.warehouse import WarehouseError, warehouse_path

if TYPE_CHECKING:
    import pyarrow as pa

TIME_ZONE = "Asia/Shanghai"


class EngineError(WarehouseError):
    """The engine could not answer; its own words, on one line."""


class MissingTableError(EngineError):
    """Something that is asked for is not in the warehouse: it has not been built, or by other definitions."""


class Rows(NamedTuple):
    """What a query found.

    Attributes:
        columns: names.
        rows: values; money ``Decimal``, counts ``int``, ratios ``float``, times without a zone.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Reader(Protocol):
    """An open warehouse. Only one query at a time can be asked, and nothing can be written."""

    def ask(self, sql: str) -> Rows:
        """The rows of one query.

        Raises:
            MissingTableError: when a table is not there.
            EngineError: when the engine cannot answer.
            WarehouseError: when it is anything but one query.
        """

    def arrow(self, sql: str) -> pa.Table:
        """The same as a table of Arrow."""


class Engine(Protocol):
    """What asking a warehouse takes."""

    dialect: str  # as MetricFlow spells it in SqlEngine
    text: str  # the type of texts, for a cast
    texts: frozenset[str]  # what ``kind`` says of them
    kind: str  # the type of ``value`` in SQL
    materialized: str  # what keeps a CTE from being computed at each place that names it; empty where nothing does

    def quoted(self, name: str) -> str:
        """A name in SQL."""

    def connected(self) -> AbstractContextManager[Reader]:
        """The warehouse, open for reading.

        Raises:
            WarehouseError: when it cannot be reached; the message says what to do.
        """


def engine_of(target: Target, database: str | None, warehouse: Path | None = None, project: Path = Path()) -> Engine:
    """The engine of a target.

    Args:
        target: which one.
        database: by which the definitions call the warehouse.
        warehouse: file of the embedded engine; that of the environment, or the usual one, when omitted.
        project: folder of the dbt project.

    Raises:
        TargetError: for an adapter without an engine here, or definitions that were written for another target.
    """
    if target.kind == "duckdb":
        from kpi.engines.duckdb import DuckDb

        _require_written_for(target, is_so=database is not None)
        return DuckDb(warehouse or warehouse_path(project), str(database))
    if target.kind == "postgres":
        from kpi.engines.postgres import PostgreSql

        _require_written_for(target, is_so=database == target.settings.get("dbname", target.settings.get("database")))
        return PostgreSql(target)
    if target.kind == "spark":
        from kpi.engines.spark import Spark

        _require_written_for(target, is_so=database is None)
        return Spark(target)
    raise TargetError(f"{target.name}: 不支持 {target.kind} is no engine that kpi reads: duckdb, postgres or spark")


def _require_written_for(target: Target, *, is_so: bool) -> None:
    if not is_so:
        raise TargetError(
            f"{target.manifest}: 是为另一目标写的 was written for another target or database. "
            f"Run `{target.dbt('parse')}` 后重试."
        )


def __getattr__(name: str) -> Any:
    """``DuckDb``, loaded when somebody asks for it: whoever asks a server needs none."""
    if name != "DuckDb":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kpi.engines.duckdb import DuckDb

    return DuckDb
