"""The engine that holds a warehouse: how its SQL is written, and how it is read without being in anybody's way.

DuckDB is the only one so far. Another one is a class with the members of ``Engine``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb

from kpi.sql import quoted
from kpi.warehouse import WarehouseError, attach

TIME_ZONE = "Asia/Shanghai"


class Engine(Protocol):
    """What asking a warehouse takes."""

    dialect: str  # as MetricFlow spells it in SqlEngine

    def connected(self) -> AbstractContextManager[Any]:
        """A connection of DB-API 2.0 to read on; what is asked goes through ``one_query``."""

    def one_query(self, connection: Any, sql: str) -> str:
        """The SQL, refused where it holds anything but one query."""


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
            attach(connection, self.file, self.database)
            # what is asked may hold SQL of whoever asks: it reads this file and nothing else of the machine
            connection.execute(
                f"use {quoted(self.database)}; set TimeZone = '{TIME_ZONE}'; set enable_external_access = false; "
                "set lock_configuration = true"
            )
            yield connection

    def one_query(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str:
        """The SQL, refused where it holds anything but one query.

        DuckDB leaves the files that it has attached open to COPY and, once detached, to ATTACH for writing, whatever
        is shut: a second statement in a filter could write over the warehouse.

        Raises:
            kpi.warehouse.WarehouseError: for several statements, or one that is no query.
        """
        kinds = [statement.type for statement in connection.extract_statements(sql)]
        if kinds != [duckdb.StatementType.SELECT]:
            names = ", ".join(kind.name for kind in kinds)
            raise WarehouseError(f"只能是一个查询 one query and nothing else can be asked, not {names or 'nothing'}")
        return sql
