"""The engines that hold a warehouse: how its SQL is written, and how it is read without being in anybody's way.

DuckDB is the only one so far. Another one is a class with the same members and a line in ``ENGINES``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb

WAREHOUSE = "warehouse/community_metrics.duckdb"
TIME_ZONE = "Asia/Shanghai"


class Engine(Protocol):
    """What asking a warehouse takes."""

    dialect: str  # as MetricFlow spells it in SqlEngine

    def connected(self) -> Any:
        """Context manager that gives a connection of DB-API 2.0 on which nothing can be written."""


class WarehouseError(RuntimeError):
    """The warehouse cannot be read; the message says why and what to do."""


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
            WarehouseError: when the file is not there, is held by a build, or is no warehouse.
        """
        if not self.file.is_file():
            raise WarehouseError(f"{self.file}: no warehouse. Run `make build` (or `dbt build`) first.")
        with duckdb.connect() as connection:
            path, name = str(self.file).replace("'", "''"), self.database.replace('"', '""')
            try:
                connection.execute(f'attach \'{path}\' as "{name}" (read_only); use "{name}"')
            except duckdb.Error as error:
                raise WarehouseError(refused(self.file, error)) from error
            connection.execute(f"set TimeZone = '{TIME_ZONE}'")
            # what is asked may hold SQL of whoever asks: it reads this file and nothing else of the machine
            connection.execute("set enable_external_access = false; set lock_configuration = true")
            yield connection


ENGINES = {"duckdb": DuckDb}


def refused(file: Path, error: Exception) -> str:
    """Why a warehouse cannot be opened, and what to do."""
    said = str(error).strip().splitlines()[0]
    if "lock" not in said.lower() and "handle conflict" not in said.lower():
        return f"{file}: {said}"
    return f"{file}: {_holder(said)} holds the warehouse for writing. Ask again when it has finished."


def _holder(said: str) -> str:
    """Who has the lock, by the process id that DuckDB tells."""
    import re

    found = re.search(r"PID (\d+)", said)
    if not found:
        return "another process"
    import psutil

    try:
        command = " ".join(psutil.Process(int(found[1])).cmdline())[:120]
    except psutil.Error:
        return f"process {found[1]}"
    return f"process {found[1]} ({command})"


def warehouse_file(project: Path) -> Path:
    """The warehouse of a project: ``COMMUNITY_METRICS_DB``, or the usual file; relative paths start at the project."""
    return project / (os.environ.get("COMMUNITY_METRICS_DB") or WAREHOUSE)
