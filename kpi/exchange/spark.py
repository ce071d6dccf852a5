"""A set of tables in Spark: written under names of its own, then views are pointed at it.

Spark replaces no table of plain files at once, but a view it does. So each set lies in a schema of its own, and what is
read are views in the schema of the set. A query that has begun goes on reading the files of the set before, which is
kept until the next exchange. **Several views are not one transaction**: the views are pointed one after the other, and
``exported`` comes last. Who needs several tables of one set compares ``exported_set``, or reads the tables that
``exported.stored_as`` names: the whole of one set.

Nothing locks others out. Sets have names of their own, so two exchanges at once are in nobody's way, and whoever comes
last looks whether all views are of one set: the newest stands.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from kpi.engines.spark import Spark, SparkReader, said_by
from kpi.exchange import LEDGER, SAID, SET, Check, ExchangeError, Piece, Pieces, ledger, require_names, spelled
from kpi.sql import quoted

if TYPE_CHECKING:
    import duckdb

TYPES = {
    **{"VARCHAR": "string", "BOOLEAN": "boolean", "DOUBLE": "double", "DATE": "date", "TIMESTAMP": "timestamp"},
    **{"SMALLINT": "smallint", "INTEGER": "int", "BIGINT": "bigint", "HUGEINT": "decimal(38,0)", "JSON": "string"},
}
DECIMAL = "decimal({},{})"
FORMAT = "COMMUNITY_METRICS_FILE_FORMAT"  # as dbt_project.yml reads it
CHUNK = 5_000  # rows in one statement
STAMP = "select concat(date_format(current_timestamp(), \"yyyyMMdd't'HHmmss\"), '_', substr(md5(uuid()), 1, 4))"
ROUNDS = 5  # of looking whether all views are of one set


class SparkExchange:
    """The set of one schema."""

    def __init__(self, engine: Spark, schema: str) -> None:
        """Nothing is opened yet.

        Args:
            engine: reaches the server.
            schema: in which the set is read.
        """
        self.engine, self.schema = engine, schema
        self.format = os.environ.get(FORMAT) or "parquet"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See ``kpi.exchange.Exchange``: nobody is locked out here."""
        yield

    def replace(self, db: duckdb.DuckDBPyConnection, pieces: Pieces, check: Check) -> str:
        """See ``kpi.exchange.Exchange``."""
        from pyhive.exc import Error

        require_names(pieces)
        with closing(self.engine.connect()) as connection:
            session = _Session(connection)
            try:
                session.run("set spark.sql.parser.escapedStringLiterals=false")  # `literal` escapes
                ((name,),) = session.run(STAMP)
                session.run(f"create schema if not exists {_named(self.schema)}")
                before = self._standing(session)
                written = self._write(session, db, pieces, name, check)
                self._point(session, written, name)
                standing = self._settle(session, written, name)
                self._tidy(session, written, before)
            except Error as error:
                raise ExchangeError(
                    f"{self.engine.target.name}, schema {self.schema}: {said_by(error)}\n"
                    "读到的每张表仍是完整的一批 Each table that is read is whole, of this set or the one before. "
                    "Run again."
                ) from error
        return standing

    def _store(self, name: str) -> str:
        """The schema in which a set lies."""
        return f"{self.schema}_set_{name}"

    def _standing(self, session: _Session) -> str | None:
        """The set that stands."""
        if (LEDGER,) not in {(row[1],) for row in session.run(f"show views in {_named(self.schema)}")}:
            return None
        return session.run(f"select max({SET}) from {_named(self.schema, LEDGER)}")[0][0]

    def _write(
        self, session: _Session, db: duckdb.DuckDBPyConnection, pieces: Pieces, name: str, check: Check
    ) -> dict[str, Piece]:
        """Write the tables of a set, which nobody sees."""
        store = self._store(name)
        full = {**pieces, LEDGER: ledger(db, pieces, lambda table: f"{store}.{table}")}
        session.run(f"create schema {_named(store)} comment {_text(f'kpi: {self.schema}')}")
        try:
            for table, piece in full.items():
                written = False
                for rows in _chunks(db, piece):
                    session.run(filled(_named(store, table), piece, name, rows, None if written else self.format))
                    written = True
            check(SparkReader(session.connection))
            if (standing := self._standing(session) or "") > name:
                raise ExchangeError(
                    f"{self.engine.target.name}, schema {self.schema}: 已有更新的批次 a newer set, {standing}, "
                    "took its place meanwhile, and stands."
                )
        except BaseException:
            with suppress(Exception):  # what is wrong has been said
                session.run(f"drop schema {_named(store)} cascade")
            raise
        return full

    def _point(self, session: _Session, written: Mapping[str, Piece], name: str) -> None:
        """Point the views at a set, the ledger's last."""
        for table, piece in written.items():
            reached(table)
            session.run(viewed(_named(self.schema, table), piece, _named(self._store(name), table)))

    def _settle(self, session: _Session, written: Mapping[str, Piece], name: str) -> str:
        """See that all views are of one set, the newest, where two exchanges pointed them at the same time."""
        for _ in range(ROUNDS):
            asked = (
                f"select {_text(table)} as view, max({SET}) as found from {_named(self.schema, table)}"
                for table in written
            )
            found = dict(session.run(" union all ".join(asked)))
            seen = {one for one in found.values() if one}
            newest = max(seen, default=name)
            if seen <= {newest}:
                # an empty table does not say of which set it is
                self._point(session, {table: piece for table, piece in written.items() if not found[table]}, newest)
                return newest
            self._point(session, written, newest)
        raise ExchangeError(
            f"{self.engine.target.name}, schema {self.schema}: 批次不一 several sets were pointed at all the time. "
            "Run again when no other kpi writes."
        )

    def _tidy(self, session: _Session, written: Mapping[str, Piece], before: str | None) -> None:
        """Drop the views of tables that are gone, and the sets before the last two; a set under way is newer."""
        if before is None:  # another first one may be under way
            return
        store = self._store("")
        for (table,) in session.run(f"select table_name from {_named(self._store(before), LEDGER)}"):
            if table not in written:
                session.run(f"drop view if exists {_named(self.schema, table)}")
        for schema, *_ in session.run(f"show schemas like {_text(store + '*')}"):
            if schema.startswith(store) and schema < self._store(before):
                session.run(f"drop schema if exists {_named(schema)} cascade")


class _Session:
    """A connection that runs statements."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, none where it has none."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def reached(point: str) -> None:
    """Called before each view is pointed at the new set; tests replace it to die there."""


def filled(named: str, piece: Piece, name: str, rows: list[list[str | None]], create: str | None) -> str:
    """The statement that writes rows of a table, as one JSON text.

    Args:
        named: the table in SQL.
        piece: the draft.
        name: of the set.
        rows: texts of the values.
        create: the format of the files where it makes the table as well; None where it is there.
    """
    kinds = [spelled(kind, TYPES, DECIMAL, f"{named}.{column}") for column, kind in piece.types.items()]
    cells = ", ".join(
        f"cast(cells[{at}] as {kind}) as {_named(column)}"
        for at, (column, kind) in enumerate(zip(piece.types, kinds, strict=True))
    )
    texts = f"from_json({_text(json.dumps(rows))}, 'array<array<string>>', map('mode', 'FAILFAST'))"
    start = f"create table {named} using {create} as" if create else f"insert into {named}"
    return f"{start} select {cells}, {_text(name)} as {SET} from (select explode({texts}) as cells)"


def viewed(named: str, piece: Piece, stored: str) -> str:
    """The statement that points a view at a table."""
    columns = []
    for column in (*piece.types, SET):
        text = SAID[SET] if column == SET else piece.comments.get(column, "")
        columns.append(_named(column) + (f" comment {_text(text)}" if text else ""))
    said = f" comment {_text(piece.comment)}" if piece.comment else ""
    names = ", ".join(map(_named, (*piece.types, SET)))
    return f"create or replace view {named} ({', '.join(columns)}){said} as select {names} from {stored}"


def _chunks(db: duckdb.DuckDBPyConnection, piece: Piece) -> Iterator[list[list[str | None]]]:
    """The rows of a draft as texts; a first chunk without any where there are none."""
    found = db.execute(f"select {', '.join(f'cast({quoted(c)} as varchar)' for c in piece.types)} from {piece.draft}")
    rows = found.fetchmany(CHUNK)
    while True:
        yield [list(row) for row in rows]
        if len(rows) < CHUNK or not (rows := found.fetchmany(CHUNK)):
            return


def _named(*names: str) -> str:
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
