"""A warehouse in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kpi import sql
from kpi.engines import TIME_ZONE, EngineError, MissingTableError, Rows
from kpi.engines.server import as_arrow, first_line, missing_driver, one_query, settled, types_of, unreachable
from kpi.targets import Target

if TYPE_CHECKING:
    import pyarrow as pa

# DuckDB's types by the numbers that PostgreSQL has for its own; what is not listed is a text
KINDS = {
    **{16: "BOOLEAN", 21: "SMALLINT", 23: "INTEGER", 20: "BIGINT", 700: "DOUBLE", 701: "DOUBLE", 1700: "DECIMAL"},
    **{1082: "DATE", 1114: "TIMESTAMP", 1184: "TIMESTAMP"},
}
# settings of dbt's output that the driver calls by the same name
PASSED = {"host", "user", "password", "connect_timeout", "sslmode", "sslcert", "sslkey", "sslrootcert"}


class PostgreSql:
    """A warehouse in a PostgreSQL database, asked in one read-only transaction: all answers are of one build."""

    dialect = "POSTGRES"
    text = "text"
    texts = frozenset({"text", "character varying"})
    kind = "cast(pg_typeof(value) as text)"
    materialized = "materialized"

    def __init__(self, target: Target) -> None:
        """Nothing is opened yet."""
        self.target = target

    def quoted(self, name: str) -> str:
        """A name in SQL."""
        return sql.quoted(name)

    def connect(self) -> Any:
        """A connection of psycopg2, which whoever asks closes.

        Raises:
            TargetError: when the driver is not installed.
            WarehouseError: when the server cannot be reached.
        """
        try:
            import psycopg2
        except ModuleNotFoundError as error:
            raise missing_driver(self.target, error) from error
        settings = self.target.settings
        given = {name: value for name, value in settings.items() if name in PASSED and value not in (None, "")}
        given |= {"password": settings["pass"]} if settings.get("pass") else {}  # dbt takes both names
        role = f" -c role={settings['role']}" if settings.get("role") else ""
        database = settings.get("dbname") or settings.get("database")
        try:
            return psycopg2.connect(
                **given,
                port=int(settings.get("port") or 5432),
                dbname=database,
                # MetricFlow's SQL is long: to compile it takes PostgreSQL as long as to run it
                options=f"-c TimeZone={TIME_ZONE} -c jit=off{role}",
                application_name="kpi",
            )
        except psycopg2.OperationalError as error:
            address = f"{settings.get('host')}:{settings.get('port')}/{database}"
            raise unreachable(self.target, error, address) from error

    @contextmanager
    def connected(self) -> Iterator[PostgreSqlReader]:
        """The warehouse as it is now, whatever is built meanwhile; see ``kpi.engines.Engine``."""
        connection = self.connect()
        try:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            yield PostgreSqlReader(connection)
        finally:
            connection.close()


class PostgreSqlReader:
    """An open transaction that reads."""

    def __init__(self, connection: Any) -> None:
        """Read on an open connection."""
        self.connection = connection

    def ask(self, sql: str) -> Rows:
        """See ``kpi.engines.Reader``."""
        return self.typed(sql)[0]

    def typed(self, sql: str) -> tuple[Rows, tuple[str, ...]]:
        """See ``kpi.engines.server.ServerReader``."""
        import psycopg2
        from psycopg2 import errors

        query = one_query(sql)
        with self.connection.cursor() as cursor:
            cursor.execute("savepoint asked")  # an error ends the question, not the transaction
            try:
                cursor.execute(query)
                kinds = [KINDS.get(column.type_code, "VARCHAR") for column in cursor.description]
                found = settled([column.name for column in cursor.description], cursor.fetchall())
                return found, types_of(found, kinds)
            except psycopg2.Error as error:
                cursor.execute("rollback to savepoint asked")
                missing = (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName)
                raise (MissingTableError if isinstance(error, missing) else EngineError)(first_line(error)) from error

    def renew(self) -> None:
        """See ``kpi.engines.server.ServerReader``: the locks that a build of the tables waits for end, too."""
        self.connection.rollback()

    def arrow(self, sql: str) -> pa.Table:
        """See ``kpi.engines.Reader``."""
        return as_arrow(self.ask(sql))
