"""The export on a server: the same questions, the same comparison beside them, and a set of tables exchanged at once.

The server answers; DuckDB in memory holds the answers and compares them, so that there is one text of that
(``compare.sql``). A server goes on working meanwhile: each question sees the tables as they are then, and at the end
dbt's marks (macros/build_state.sql) tell whether all of them were of one build.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from kpi.engines import EngineError, MissingTableError
from kpi.exchange import Exchange, Piece, exchange_of
from kpi.export.asks import Ask, SavedAsk, long_asks, saved_asks
from kpi.export.catalogue import Catalogue, ExportError
from kpi.export.compare import READ
from kpi.export.run import Exported, Tell, counts, draft, draft_log
from kpi.export.write import SCHEMA, Table
from kpi.sql import quoted
from kpi.targets import Target
from kpi.warehouse import WarehouseError, refuse_unfinished

if TYPE_CHECKING:
    import pyarrow as pa

    from kpi.engines import Reader
    from kpi.engines.server import ServerReader
    from kpi.export.remembered import RememberedLayer
    from kpi.semantic import SemanticLayer

MEMORY = "memory"  # as DuckDB calls a database in memory
KEYS = {"metric_definitions": ("metric_id",), "dimension_definitions": ("dimension",), "export_log": ("table_name",)}


def export_shared(
    target: Target,
    layer: SemanticLayer,
    compiler: RememberedLayer | SemanticLayer,
    catalogue: Catalogue,
    *,
    tell: Tell = lambda step, done, total: None,
    asks: Sequence[Ask] | None = None,
    saved: Sequence[SavedAsk] | None = None,
    exchange: Exchange | None = None,
) -> Exported:
    """Ask all questions on a target and exchange the set of its schema ``metrics``.

    Args:
        target: which one.
        layer: its semantic layer.
        compiler: compiles the questions.
        catalogue: its metrics.
        tell: is told the step, how many questions are answered and how many there are.
        asks: questions of the long table; all when omitted.
        saved: saved queries; all when omitted.
        exchange: puts the set into its place; that of the engine when omitted.

    Raises:
        ExportError: when a question cannot be asked, or the warehouse was built meanwhile.
        kpi.exchange.ExchangeError: when the set cannot take its place, or another export is at work.
        WarehouseError: when the server cannot be reached, or its warehouse is missing or half built.
    """
    asks = long_asks(catalogue, compiler) if asks is None else asks  # type: ignore[arg-type]
    saved = saved_asks(catalogue.manifest) if saved is None else saved
    exchange = exchange or exchange_of(target, layer.engine, layer.schema(SCHEMA))
    with exchange.alone(), duckdb.connect() as db:
        db.execute("set TimeZone = 'Asia/Shanghai'")
        with layer.engine.connected() as opened:
            reader: Any = opened
            marks = marks_of(reader, layer)
            build = require_built(marks, reader, layer, target)
            try:
                for (schema, table), columns in READ.items():
                    copy_table(db, reader, layer, schema, table, columns)
                tables, as_of = draft(
                    db, catalogue, compiler, asks, saved, MEMORY, tell,  # type: ignore[arg-type]
                    lambda db, table, sql: answered_there(db, reader, table, sql),
                )  # fmt: skip
            except EngineError as error:
                raise ExportError(
                    f"the metrics cannot be asked: {error}\nDo {target.folder} and the warehouse come from one build? "
                    f"Run `{target.dbt('build')}`, then kpi export again."
                ) from error
        alarms = [name for state, name in marks if state == "alarm"]
        done = Exported(as_of, catalogue.fingerprint, counts(db, tables), alarms)
        tables["export_log"] = draft_log(db, done, build)
        tell("exchange", len(asks) + len(saved), len(asks) + len(saved))
        pieces = {name: piece_of(db, name, table) for name, table in tables.items()}
        done.exported_set = exchange.replace(db, pieces, lambda reader: require_same(marks, reader, layer))
    return done


Marks = list[tuple[str, str]]


def marks_of(reader: Reader, layer: SemanticLayer) -> Marks:
    """Dbt's marks of unfinished tables, alarms and the last build, as (state, name); none in an old warehouse."""
    asked = f"select state, name from {layer.places['quality']}.{layer.quoted('build_state')} order by state, name"
    try:
        return [(state, name) for state, name in reader.ask(asked).rows]
    except MissingTableError:
        return []


def require_built(marks: Marks, reader: Reader, layer: SemanticLayer, target: Target) -> str | None:
    """Which build the warehouse is of.

    Raises:
        WarehouseError: when it is half built, or nothing is.
    """
    refuse_unfinished([name for state, name in marks if state == "unfinished"], target.name, target.dbt("build"))
    try:
        reader.ask(f"select 1 as one from {layer.places['marts']}.{layer.quoted('dim_dates')} limit 1")
    except MissingTableError:
        raise WarehouseError(f"{target.name}: no marts in it. Run `{target.dbt('build')}` first.") from None
    return next((name for state, name in marks if state == "build"), None)


def require_same(marks: Marks, reader: Reader, layer: SemanticLayer) -> None:
    """Refuse what was asked while the warehouse was built: some of it is of the old build, some of the new one.

    Raises:
        ExportError: when a build has begun or ended since.
    """

    def builds(found: Marks) -> Marks:
        return [mark for mark in found if mark[0] != "alarm"]

    if builds(marks_of(reader, layer)) != builds(marks):
        raise ExportError(
            "询问期间仓库又重建 the warehouse was built anew while it was asked. Run the command again after the build."
        )


def answered_there(db: duckdb.DuckDBPyConnection, reader: ServerReader, table: str, sql: str) -> dict[str, str]:
    """Put the answer of a server into a table of the drafts; returns the types of its columns."""
    found, kinds = reader.typed(sql)
    reader.renew()  # a build of these tables need not wait for the questions to come
    types = dict(zip(found.columns, kinds, strict=True))
    answer = _arrow(found.columns, kinds, found.rows)
    db.register("answered", answer)
    columns = ", ".join(f"cast({quoted(name)} as {kind}) as {quoted(name)}" for name, kind in types.items())
    db.execute(f"create or replace table {table} as select {columns} from answered")
    db.unregister("answered")
    return types


def _arrow(columns: Sequence[str], kinds: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    import pyarrow as pa

    known = {"BOOLEAN": pa.bool_(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"), "DOUBLE": pa.float64()}
    known |= dict.fromkeys(("SMALLINT", "INTEGER", "BIGINT"), pa.int64()) | {"VARCHAR": pa.string()}
    types = [known.get(kind) for kind in kinds]  # of decimals the values say it
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    made = [
        pa.array(map(_day, column) if kind == "DATE" else column, kind_of)
        for column, kind, kind_of in zip(values, kinds, types, strict=True)
    ]
    return pa.table(dict(zip(columns, made, strict=True)))


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) else value


def copy_table(
    db: duckdb.DuckDBPyConnection,
    reader: ServerReader,
    layer: SemanticLayer,
    schema: str,
    table: str,
    columns: Sequence[str],
) -> dict[str, str]:
    """Copy a table of the server into a schema of the same name in memory; returns the types of its columns."""
    asked = ", ".join(map(layer.quoted, columns))
    db.execute(f"create schema if not exists {quoted(schema)}")
    source = f"{layer.places[schema]}.{layer.quoted(table)}"
    return answered_there(db, reader, f"{quoted(schema)}.{quoted(table)}", f"select {asked} from {source}")


def piece_of(db: duckdb.DuckDBPyConnection, name: str, table: Table) -> Piece:
    """A drafted table of schema ``metrics`` as it is written to a server."""
    types = {column: kind for column, kind, *_ in db.execute(f"describe {table.draft}").fetchall()}
    return Piece(table.draft, types, table.comment, table.columns, KEYS.get(name, ()))
