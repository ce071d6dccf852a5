"""A warehouse of Apache Spark, asked over its Thrift server."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from kpi.engines import EngineError, MissingTableError, Rows
from kpi.engines.server import as_arrow, missing_driver, one_query, settled, types_of, unreachable
from kpi.targets import Target, TargetError
from kpi.warehouse import WarehouseError

if TYPE_CHECKING:
    import pyarrow as pa

# of the session, so that what is asked means the same as elsewhere and reads tables only
SESSION = {
    "spark.sql.session.timeZone": "UTC",  # times are wall-clock times, and no engine may shift them
    "spark.sql.parser.escapedStringLiterals": "true",  # a backslash in a text is a backslash
    "spark.sql.runSQLOnFiles": "false",  # from csv.`/etc/passwd` reads files of the server
}
# DuckDB's types by Spark's; what is not listed is a text
KINDS = {
    **{"BOOLEAN_TYPE": "BOOLEAN", "TINYINT_TYPE": "SMALLINT", "SMALLINT_TYPE": "SMALLINT", "INT_TYPE": "INTEGER"},
    **{"BIGINT_TYPE": "BIGINT", "FLOAT_TYPE": "DOUBLE", "DOUBLE_TYPE": "DOUBLE", "DECIMAL_TYPE": "DECIMAL"},
    **{"DATE_TYPE": "DATE", "TIMESTAMP_TYPE": "TIMESTAMP"},
}
# a query may run programs of the server (select transform … using) and methods of any Java class
_RUNS = re.compile(r"\busing\b(?!\s*\()|\b(try_)?reflect\b|\bjava_method\b", re.I)
_MISSING = re.compile(r"\[(TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|UNRESOLVED_COLUMN)")
_SAID = re.compile(r"\[[A-Z_.0-9]+\] (?!org\.apache)[^\n]+")


class Spark:
    """Tables of a Spark catalogue. Nothing keeps a session from writing but what may be asked in it: one subquery."""

    dialect = "DATABRICKS"  # MetricFlow has no other renderer whose SQL Spark reads (docs/decisions/0078)
    text = "string"
    texts = frozenset({"string"})
    kind = "typeof(value)"
    materialized = ""  # Spark has no such word

    def __init__(self, target: Target) -> None:
        """Nothing is opened yet.

        Raises:
            TargetError: for another way than the Thrift server.
        """
        if target.settings.get("method") != "thrift":
            raise TargetError(
                f"{target.name}: kpi 只经 Thrift 服务读取 Spark kpi reads Spark over its Thrift server only, not by "
                f"method {target.settings.get('method')}"
            )
        self.target = target

    def quoted(self, name: str) -> str:
        """A name in SQL."""
        return "`" + name.replace("`", "``") + "`"

    def connect(self) -> Any:
        """A connection of PyHive, which whoever asks closes.

        Raises:
            TargetError: when the driver is not installed.
            WarehouseError: when the server cannot be reached.
        """
        try:
            from pyhive import hive
            from thrift.transport.TTransport import TTransportException
        except ModuleNotFoundError as error:
            raise missing_driver(self.target, error) from error
        settings = self.target.settings
        host, port = str(settings.get("host")), int(settings.get("port") or 10000)
        given = {name: settings[name] for name in ("auth", "kerberos_service_name", "password") if settings.get(name)}
        given |= {"host": host, "port": port, "username": settings.get("user")}
        try:
            connection = hive.connect(**_encrypted(given) if _is_true(settings.get("use_ssl")) else given)
        except (TTransportException, OSError) as error:
            raise unreachable(self.target, error, f"{host}:{port}") from error
        except AttributeError as error:
            if not isinstance(error.__context__, TTransportException):
                raise
            # PyHive closes what never opened, and thrift's TLS socket does not bear that
            raise unreachable(self.target, error.__context__, f"{host}:{port}") from error
        with closing(connection.cursor()) as cursor:
            for name, value in {**(settings.get("server_side_parameters") or {}), **SESSION}.items():
                cursor.execute(f"set {name.removeprefix('set:hiveconf:')}={value}")  # dbt needs the prefix
        return connection

    @contextmanager
    def connected(self) -> Iterator[SparkReader]:
        """The warehouse; each question sees the tables as they are then. See ``kpi.engines.Engine``."""
        connection = self.connect()
        try:
            yield SparkReader(connection)
        finally:
            with suppress(Exception):  # the server may be gone by now
                connection.close()


class SparkReader:
    """An open session."""

    def __init__(self, connection: Any) -> None:
        """Read on an open connection."""
        self.connection = connection

    def ask(self, sql: str) -> Rows:
        """See ``kpi.engines.Reader``."""
        return self.typed(sql)[0]

    def typed(self, sql: str) -> tuple[Rows, tuple[str, ...]]:
        """See ``kpi.engines.server.ServerReader``."""
        from pyhive.exc import Error

        query = one_query(sql)
        if found := _RUNS.search(query):
            raise WarehouseError(f"只能读取表 only tables can be read: {found[0]} is refused")
        # the server keeps the plan of a statement until its cursor is closed
        with closing(self.connection.cursor()) as cursor:
            try:
                cursor.execute(query)
                rows = cursor.fetchall()
            except Error as error:
                said = said_by(error)
                raise (MissingTableError if _MISSING.search(said) else EngineError)(said) from error
            columns = cursor.description
        days = {at for at, column in enumerate(columns) if column[1] == "DATE_TYPE"}
        typed = [tuple(_day(value) if at in days else value for at, value in enumerate(row)) for row in rows]
        found = settled([column[0].rpartition(".")[2] for column in columns], typed)
        return found, types_of(found, [KINDS.get(column[1], "VARCHAR") for column in columns])

    def renew(self) -> None:
        """See ``kpi.engines.server.ServerReader``: a session holds nothing."""

    def arrow(self, sql: str) -> pa.Table:
        """See ``kpi.engines.Reader``."""
        return as_arrow(self.ask(sql))


def _encrypted(given: dict[str, Any]) -> dict[str, Any]:
    """The same connection over TLS, as dbt makes it, which checks no certificate."""
    from dbt.adapters.spark.connections import build_ssl_transport

    absent = dict.fromkeys(("auth", "kerberos_service_name", "password"))
    return {"thrift_transport": build_ssl_transport(**(absent | given))}


def _is_true(setting: Any) -> bool:
    return str(setting).lower() == "true"  # a text, where it comes of an environment variable


def _day(value: Any) -> Any:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def said_by(error: Exception) -> str:
    """What Spark says is wrong, without its plan and its stack."""
    status = getattr(error.args[0], "status", None) if error.args else None
    said = str(getattr(status, "errorMessage", None) or error)
    found = _SAID.search(said)
    return found[0] if found else said.strip().splitlines()[0]
