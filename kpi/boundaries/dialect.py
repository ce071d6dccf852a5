"""The SQLAlchemy dialect ``duckdb+gx``: Great Expectations reads a DuckDB file, and writes nothing.

Great Expectations knows tables through SQLAlchemy only, and has no DuckDB source of its own. The public dialect
(duckdb-engine) fails with it twice: unread rows are lost, because Great Expectations fetches after it has closed the
connection, and columns cannot be reflected, because DuckDB lacks part of PostgreSQL's system catalogue. So this one
builds on SQLAlchemy's PostgreSQL dialect, reads all rows at once, and asks DuckDB's own catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
from sqlalchemy import types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import URL

URL_PREFIX = "duckdb+gx:///"
Column = dict[str, Any]  # as SQLAlchemy describes columns and keys
TYPES = {
    "BOOLEAN": types.BOOLEAN,
    "DATE": types.DATE,
    "DOUBLE": types.DOUBLE,
    "FLOAT": types.DOUBLE,
    "TIMESTAMP": types.TIMESTAMP,
    "VARCHAR": types.VARCHAR,
}


class Cursor:
    """A cursor that holds all rows of its last statement."""

    arraysize = 1

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: Sequence[Sequence[Any]] | None = None
        self.rowcount = -1

    def execute(self, statement: str, parameters: Any = None) -> None:
        """Run one statement and keep its rows."""
        self._connection.execute(statement, parameters or None)
        self.description = self._connection.description
        self._rows = self._connection.fetchall() if self.description else []

    def executemany(self, statement: str, rows: Iterable[Any]) -> None:
        """Run one statement per row of parameters."""
        for parameters in rows:
            self.execute(statement, parameters)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, if there is one."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """The next rows."""
        taken, self._rows = self._rows[: size or 1], self._rows[size or 1 :]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        """Nothing to do: rows that were read stay, Great Expectations still asks for them."""


class Connection:
    """One read-only connection as the DB API wants it; every statement stands for itself."""

    def __init__(self, path: str) -> None:
        self._connection = duckdb.connect(path, read_only=True)

    def cursor(self) -> Cursor:
        """A new cursor over the same connection."""
        return Cursor(self._connection)

    def commit(self) -> None:
        """Nothing was written."""

    def rollback(self) -> None:
        """Nothing was written."""

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class DBAPI:
    """What SQLAlchemy asks of a driver module."""

    apilevel, threadsafety, paramstyle = "2.0", 1, "qmark"
    Error = duckdb.Error

    @staticmethod
    def connect(path: str) -> Connection:
        """Open a file."""
        return Connection(path)


class ReadOnlyDuckDB(PGDialect):
    """PostgreSQL's SQL over a DuckDB file that is opened read-only."""

    name, driver = "duckdb", "gx"
    supports_statement_cache = False
    default_paramstyle = "qmark"
    postfetch_lastrowid = False

    @classmethod
    def import_dbapi(cls) -> type[DBAPI]:
        """The driver."""
        return DBAPI

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        """The file is all that there is to know."""
        return [url.database or ""], {}

    def initialize(self, connection: Any) -> None:
        """PostgreSQL would be asked for settings that DuckDB has not."""
        self.default_schema_name = "main"

    def get_isolation_level(self, dbapi_connection: Any) -> str:
        """DuckDB has one level only."""
        return "SERIALIZABLE"

    def get_schema_names(self, connection: Any, **_: Any) -> list[str]:
        """Schemas of the file."""
        return [row[0] for row in connection.exec_driver_sql("select distinct schema_name from duckdb_schemas()")]

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """Tables of a schema."""
        return self._relations(connection, schema, "BASE TABLE")

    def get_view_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """Views of a schema."""
        return self._relations(connection, schema, "VIEW")

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        """Whether there is a table or view of that name."""
        return table_name in self._relations(connection, schema, "BASE TABLE", "VIEW")

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> list[Column]:
        """Columns of a table with their types; numbers that are no double are numeric, what is unknown is text."""
        found = connection.exec_driver_sql(
            "select column_name, data_type, is_nullable from duckdb_columns() "
            "where schema_name = ? and table_name = ? order by column_index",
            (schema or "main", table_name),
        )
        return [{"name": row[0], "type": _type(row[1]), "nullable": row[2], "default": None} for row in found]

    def get_multi_columns(self, connection: Any, *, schema: Any, filter_names: Any, **_: Any) -> Any:
        """Columns of several tables."""
        names = filter_names or self._relations(connection, schema, "BASE TABLE", "VIEW")
        return [((schema, name), self.get_columns(connection, name, schema)) for name in names]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Column:
        """None: nothing here has keys."""
        return {"constrained_columns": [], "name": None}

    def _relations(self, connection: Any, schema: str | None, *kinds: str) -> list[str]:
        found = connection.exec_driver_sql(
            "select table_name, table_type from information_schema.tables where table_schema = ?", (schema or "main",)
        )
        return [row[0] for row in found if row[1] in kinds]


def _type(declared: str) -> types.TypeEngine[Any]:
    if declared in TYPES:
        return TYPES[declared]()
    return types.NUMERIC() if declared.startswith("DECIMAL") or "INT" in declared else types.VARCHAR()


registry.register("duckdb.gx", __name__, ReadOnlyDuckDB.__name__)
