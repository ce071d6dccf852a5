"""The engine that holds a warehouse: how its SQL is written, and how it is read without being in anybody's way.

DuckDB is the only one so far. Another one is a class with the members of ``Engine``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb

WAREHOUSE = "warehouse/community_metrics.duckdb"
TIME_ZONE = "Asia/Shanghai"


class Engine(Protocol):
    """What asking a warehouse takes."""

    dialect: str  # as MetricFlow spells it in SqlEngine

    def connected(self) -> AbstractContextManager[Any]:
        """A connection of DB-API 2.0 on which nothing can be written."""


class DuckDb:
    """A warehouse in one DuckDB file.

    The file is attached to a database in memory, read-only and only while it is asked: a build waits no longer than
    the question takes, other readers do not wait. It is attached under the name that the definitions call it by,
    so the file may have any name.
    """

    dialect = "DUCKDB"

    def __init__(self, file: Path, database: str) -> None:
        """Nothing is opened yet.

        Args:
            file: the warehouse.
            database: its name in the SQL.
        """
        self.file = file
        self.database = database

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The warehouse, opened read-only and closed afterwards; unqualified tables are its own.

        Raises:
            kpi.warehouse.WarehouseError: when the file is not there, or another process holds it.
        """
        with duckdb.connect() as connection:
            path, name = str(self.file).replace("'", "''"), self.database.replace('"', '""')
            try:
                connection.execute(f"attach '{path}' as \"{name}\" (read_only)")
            except duckdb.Error as error:
                raise _said_why(self.file, error) from error
            # what is asked may hold SQL of whoever asks: it reads this file and nothing else of the machine
            connection.execute(
                f"use \"{name}\"; set TimeZone = '{TIME_ZONE}'; set enable_external_access = false; "
                "set lock_configuration = true"
            )
            yield connection


def warehouse_file(project: Path) -> Path:
    """The warehouse of a project: ``COMMUNITY_METRICS_DB``, or the usual file; relative paths start at the project."""
    return project / (os.environ.get("COMMUNITY_METRICS_DB") or WAREHOUSE)


def _said_why(file: Path, error: duckdb.Error) -> Exception:
    """Why a warehouse cannot be opened, and what to do; who holds it is looked up only then."""
    from kpi.warehouse import LockedWarehouseError, WarehouseError, locked_message, who_holds

    if not file.exists():
        return WarehouseError(f"{file}: 没有仓库文件 no warehouse. 先运行 make build; run `make build` first.")
    if "lock on file" in str(error) or "used by another process" in str(error):
        return LockedWarehouseError(locked_message(file, who_holds(file, error)))
    return WarehouseError(f"{file}: {str(error).strip().splitlines()[0]}")
