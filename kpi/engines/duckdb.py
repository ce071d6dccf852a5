"""A warehouse in one DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from kpi import sql
from kpi.engines import TIME_ZONE, EngineError, MissingTableError, Rows
from kpi.warehouse import WarehouseError, attach

if TYPE_CHECKING:
    import pyarrow as pa


class DuckDb:
    """A warehouse in one DuckDB file.

    The file is attached to a database in memory, read-only and only while it is asked: a build waits no longer than
    the question takes, other readers do not wait. It is attached under the name that the definitions call it by,
    so the file may have any name.
    """

    dialect = "DUCKDB"
    text = "varchar"
    texts = frozenset({"VARCHAR"})
    kind = "typeof(value)"
    materialized = "materialized"

    def __init__(self, file: Path, database: str) -> None:
        """Nothing is opened yet.

        Args:
            file: the warehouse.
            database: its name in the SQL.
        """
        self.file = file
        self.database = database

    def quoted(self, name: str) -> str:
        """A name in SQL."""
        return sql.quoted(name)

    @contextmanager
    def connected(self) -> Iterator[DuckDbReader]:
        """The warehouse, opened read-only and closed afterwards; unqualified tables are its own.

        Raises:
            kpi.warehouse.WarehouseError: when the file is not there, or another process holds it.
        """
        with duckdb.connect() as connection:
            attach(connection, self.file, self.database)
            # what is asked may hold SQL of whoever asks: it reads this file and nothing else of the machine
            connection.execute(
                f"use {sql.quoted(self.database)}; set TimeZone = '{TIME_ZONE}'; set enable_external_access = false; "
                "set lock_configuration = true"
            )
            yield DuckDbReader(connection)


class DuckDbReader:
    """An open DuckDB file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read on an open connection."""
        self.connection = connection

    def ask(self, sql: str) -> Rows:
        """See ``kpi.engines.Reader``."""
        return self._answered(sql, self._rows)

    def arrow(self, sql: str) -> pa.Table:
        """See ``kpi.engines.Reader``."""
        return self._answered(sql, lambda query: self.connection.sql(query).to_arrow_table())

    def _rows(self, sql: str) -> Rows:
        cursor = self.connection.execute(sql)
        return Rows(tuple(column[0] for column in cursor.description), cursor.fetchall())

    def _answered(self, sql: str, answer):
        try:
            return answer(self.one_query(sql))
        except duckdb.CatalogException as error:
            raise MissingTableError(_first_line(error)) from error
        except duckdb.Error as error:
            raise EngineError(_first_line(error)) from error

    def one_query(self, sql: str) -> str:
        """The SQL, refused where it holds anything but one query.

        DuckDB leaves the files that it has attached open to COPY and, once detached, to ATTACH for writing, whatever
        is shut: a second statement in a filter could write over the warehouse.

        Raises:
            kpi.warehouse.WarehouseError: for several statements, or one that is no query.
        """
        kinds = [statement.type for statement in self.connection.extract_statements(sql)]
        if kinds != [duckdb.StatementType.SELECT]:
            names = ", ".join(kind.name for kind in kinds)
            raise WarehouseError(f"只能是一个查询 one query and nothing else can be asked, not {names or 'nothing'}")
        return sql


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
