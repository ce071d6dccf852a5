"""A set of tables in PostgreSQL: emptied and filled again in one transaction.

The tables stay the same ones, so that grants, views over them and whatever else somebody attached stay too, and nobody
waits: who reads sees the rows of the old set until the commit, in a transaction of several queries until its end. A
table that was exchanged by renaming would look empty there: PostgreSQL finds new tables at once, but old rows only in
old tables. Only where columns differ is a table altered, and then readers wait for the commit.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpi.engines.postgres import PostgreSql, PostgreSqlReader
from kpi.engines.server import first_line
from kpi.exchange import (
    LEDGER,
    SAID,
    SET,
    Check,
    ExchangeError,
    Piece,
    Pieces,
    ledger,
    nulls_of,
    require_names,
    spelled,
)
from kpi.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

TYPES = {
    **{"VARCHAR": "text", "BOOLEAN": "boolean", "DOUBLE": "double precision", "DATE": "date"},
    **{"SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint", "HUGEINT": "numeric(38,0)"},
    **{"TIMESTAMP": "timestamp without time zone", "JSON": "text"},
}
DECIMAL = "numeric({},{})"
PATIENCE = "60s"  # for whoever reads a table whose columns change
STAMP = "select to_char(now() at time zone 'UTC', 'YYYYMMDD\"t\"HH24MISS') || '_' || substr(md5(random()::text), 1, 4)"
LOCK = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
HOLDER = (
    "select a.pid, a.usename, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI') from pg_locks l "
    "inner join pg_stat_activity a using (pid), lateral (select hashtextextended(%s, 0) as key) k "
    "where l.locktype = 'advisory' and l.granted "
    "and l.classid::bigint = ((k.key >> 32) & 4294967295) and l.objid::bigint = (k.key & 4294967295)"
)
COLUMNS = (
    "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_class c "
    "inner join pg_namespace n on c.relnamespace = n.oid "
    "left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
    "where n.nspname = %s and c.relkind in ('r', 'v', 'm', 'p', 'f') order by c.relname, a.attnum"
)
KEYS = "select conname from pg_constraint where conrelid = to_regclass(%s) and contype = 'p'"
STANDS = "旧批次不变 The set before it stands."
DEPENDS = (
    f"有视图依赖将要改变的列或表 somebody's view reads a column or a table that the new set changes or has no longer. "
    f"Drop that view, run again, and make it anew. {STANDS}"
)
WAITED = (
    f"列有变化,须等读者结束 columns change, and somebody has been reading the table for more than {PATIENCE}. "
    f"Run again when it has ended. {STANDS}"
)


class PostgreSqlExchange:
    """The set of one schema."""

    def __init__(self, engine: PostgreSql, schema: str) -> None:
        """Nothing is opened yet.

        Args:
            engine: reaches the server.
            schema: in which the set is.
        """
        self.engine, self.schema = engine, schema
        self._connection: Any = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See ``kpi.exchange.Exchange``: a lock of the server, which goes with the connection of who holds it."""
        connection = self.engine.connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(LOCK, [self._lock])
                if not cursor.fetchone()[0]:
                    cursor.execute(HOLDER, [self._lock])
                    holder = "; ".join(f"PID {pid}, {user}, since {since}" for pid, user, since in cursor.fetchall())
                    raise ExchangeError(
                        f"{self.engine.target.name}, schema {self.schema}: 另一进程正在写入 another kpi is writing it "
                        f"({holder or 'PID ?'}). Run again when it has ended 待其结束后重试."
                    )
            self._connection = connection
            yield
        finally:
            self._connection = None
            with suppress(Exception):  # the server may be gone by now
                connection.close()

    @property
    def _lock(self) -> str:
        return f"kpi {self.schema}"

    def replace(self, db: duckdb.DuckDBPyConnection, pieces: Pieces, check: Check) -> str:
        """See ``kpi.exchange.Exchange``; within ``alone``."""
        import psycopg2

        require_names(pieces)
        connection = self._connection
        try:
            connection.autocommit = False
            with connection, connection.cursor() as cursor:  # committed at its end, or nothing of it
                name = self._fill(db, cursor, pieces)
                check(PostgreSqlReader(connection))
            return name
        except psycopg2.Error as error:
            words = {psycopg2.errors.DependentObjectsStillExist: DEPENDS, psycopg2.errors.LockNotAvailable: WAITED}
            words[psycopg2.errors.FeatureNotSupported] = DEPENDS  # a type that a view reads
            detail = " ".join((error.diag.message_detail or "").split())
            raise ExchangeError(
                f"{self.engine.target.name}, schema {self.schema}: {first_line(error)}. {detail}\n"
                f"{words.get(type(error), STANDS)}"
            ) from error

    def _fill(self, db: duckdb.DuckDBPyConnection, cursor: Any, pieces: Pieces) -> str:
        cursor.execute(f"set local lock_timeout = '{PATIENCE}'")
        cursor.execute(STAMP)
        (name,) = cursor.fetchone()
        cursor.execute("select 1 from pg_namespace where nspname = %s", [self.schema])
        if cursor.fetchone() is None:  # who may fill a schema need not be allowed to make one
            cursor.execute(f"create schema {quoted(self.schema)}")
        there = self._there(cursor)
        ours = self._ours(cursor, there)
        full = {**pieces, LEDGER: ledger(db, pieces, lambda table: f"{self.schema}.{table}")}
        for table in sorted(set(full) & set(there) - ours):
            raise ExchangeError(
                f"{self.schema}.{table}: 非 kpi 所写 stands in the way and was not written by kpi. Rename or drop it."
            )
        for table in sorted(ours - set(full)):
            cursor.execute(f"drop table {self._named(table)}")
        for table, piece in full.items():
            named = self._named(table)
            if table in ours:
                cursor.execute(f"delete from {named}")
            for statement in changes(named, piece, there[table] if table in ours else None, nulls_of(db, piece)):
                cursor.execute(statement)
            cursor.execute(KEYS, [named])
            held = {found for (found,) in cursor.fetchall()}
            for statement in unkeyed(named, piece, held):  # before rows that the old key would not take
                cursor.execute(statement)
            self._copy(db, cursor, table, piece, name)
            for statement in [*keyed(named, piece, held), *comments(named, piece)]:
                cursor.execute(statement)
            cursor.execute(f"analyze {named}")
        return name

    def _named(self, table: str) -> str:
        return f"{quoted(self.schema)}.{quoted(table)}"

    def _there(self, cursor: Any) -> dict[str, dict[str, str]]:
        """The tables and views of the schema, with the types of their columns."""
        cursor.execute(COLUMNS, [self.schema])
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in cursor.fetchall():
            columns = found.setdefault(table, {})
            if column is not None:
                columns[column] = kind
        return found

    def _ours(self, cursor: Any, there: Mapping[str, Mapping[str, str]]) -> set[str]:
        """The tables that kpi wrote: who shares the schema may have some of their own in it."""
        if not {"table_name", SET, "stored_as"} <= set(there.get(LEDGER, ())):
            return set()
        cursor.execute(f"select table_name from {self._named(LEDGER)}")
        return ({table for (table,) in cursor.fetchall()} | {LEDGER}) & set(there)

    def _copy(self, db: duckdb.DuckDBPyConnection, cursor: Any, table: str, piece: Piece, name: str) -> None:
        columns = ", ".join(map(quoted, piece.types))
        with tempfile.TemporaryDirectory() as folder:  # of this user alone
            file = Path(folder) / "rows.csv"
            db.execute(
                f"copy (select {columns}, {literal(name)} from {piece.draft}) to {literal(file)} "
                "(format csv, header false)"
            )
            with file.open(encoding="utf-8", newline="") as rows:
                cursor.copy_expert(
                    f"copy {self._named(table)} ({columns}, {quoted(SET)}) from stdin (format csv)", rows
                )


def types_of(piece: Piece, named: str) -> dict[str, str]:
    """The columns of a table with their types as PostgreSQL spells them."""
    found = {column: spelled(kind, TYPES, DECIMAL, f"{named}.{column}") for column, kind in piece.types.items()}
    return {**found, SET: TYPES["VARCHAR"]}


def changes(named: str, piece: Piece, there: Mapping[str, str] | None, nulls: Collection[str]) -> list[str]:
    """What makes a table, or gives the one that is there, and has been emptied, the columns of a draft.

    Args:
        named: the table in SQL.
        piece: the draft.
        there: the columns that the table has, with their types; None where there is none.
        nulls: columns of the draft that hold nothing but nulls: these have no type of their own.
    """
    wanted = types_of(piece, named)
    if there is None:
        return [f"create table {named} ({', '.join(f'{quoted(c)} {kind}' for c, kind in wanted.items())})"]
    parts = [f"drop column {quoted(column)}" for column in there if column not in wanted]
    for column, kind in wanted.items():
        if column not in there:
            parts.append(f"add column {quoted(column)} {kind}")
        elif there[column] != kind and column not in nulls:
            parts.append(f"alter column {quoted(column)} type {kind} using null::{kind}")
    return [f"alter table {named} {', '.join(parts)}"] if parts else []


def key_name(named: str, piece: Piece) -> str:
    """The name of a table's primary key, which says what it is of; empty where it has none."""
    columns = ", ".join(map(quoted, piece.key))
    return "kpi_" + hashlib.sha256(f"{named} {columns}".encode()).hexdigest()[:16] if piece.key else ""


def unkeyed(named: str, piece: Piece, held: Collection[str]) -> list[str]:
    """What takes keys from a table that it shall have no longer; they leave their columns without nulls."""
    gone = sorted(set(held) - {key_name(named, piece)})
    if not gone:
        return []
    parts = [f"drop constraint {quoted(name)}" for name in gone]
    parts += [f"alter column {quoted(column)} drop not null" for column in piece.types]
    return [f"alter table {named} {', '.join(parts)}"]


def keyed(named: str, piece: Piece, held: Collection[str]) -> list[str]:
    """What gives a table its primary key; one that is there stays."""
    wanted = key_name(named, piece)
    if not wanted or wanted in held:
        return []
    return [f"alter table {named} add constraint {wanted} primary key ({', '.join(map(quoted, piece.key))})"]


def comments(named: str, piece: Piece) -> list[str]:
    """The comments of a table and its columns."""
    said = [f"comment on table {named} is {_text(piece.comment)}"]
    for column in (*piece.types, SET):
        text = SAID[SET] if column == SET else piece.comments.get(column, "")
        said.append(f"comment on column {named}.{quoted(column)} is {_text(text)}")
    return ["; ".join(said)]


def _text(text: str) -> str:
    return literal(text) if text else "null"
