"""The export from its first question to the last table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from filelock import FileLock, Timeout

from kpi.export import write
from kpi.export.asks import Ask, SavedAsk, long_asks, saved_asks
from kpi.export.catalogue import Catalogue, ExportError
from kpi.export.cells import Answered, add_cells, add_saved_query, answered_here, dimensions_of, make_cells
from kpi.export.compare import compare
from kpi.export.describe import describe_dimensions, describe_metrics
from kpi.warehouse import WarehouseError, alarms, attach, connect, last_build, require_whole

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer

Tell = Callable[[str, int, int], None]
WAIT = 10  # seconds for who reads the warehouse when it is to be written


@dataclass
class Exported:
    """What an export wrote.

    Attributes:
        as_of: last complete day of the exports.
        fingerprint: of the definitions.
        tables: rows by table of schema ``metrics``.
        alarms: data tests that failed when they were last run.
        exported_set: name of the set of tables on a shared target; None in DuckDB's own file.
    """

    as_of: dt.date
    fingerprint: str
    tables: dict[str, int] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    exported_set: str | None = None


def export(
    warehouse: Path,
    catalogue: Catalogue,
    layer: SemanticLayer,
    *,
    tell: Tell = lambda step, done, total: None,
    asks: Sequence[Ask] | None = None,
    saved: Sequence[SavedAsk] | None = None,
) -> Exported:
    """Ask all questions and replace schema ``metrics`` of the warehouse.

    The warehouse is read, closed, and opened for writing at the end for a moment only.

    Args:
        warehouse: the built warehouse.
        catalogue: the metrics.
        layer: compiles the questions.
        tell: is told the step, how many questions are answered and how many there are.
        asks: questions of the long table; all when omitted.
        saved: saved queries; all when omitted.

    Raises:
        ExportError: when a question cannot be asked, the warehouse changed meanwhile, or another export is at work.
        WarehouseError: when the warehouse is missing, half built or held by another process.
    """
    connect(warehouse).close()  # says in full why it cannot be opened
    asks = long_asks(catalogue, layer) if asks is None else asks
    saved = saved_asks(catalogue.manifest) if saved is None else saved
    name = database_of(catalogue)
    with _alone(warehouse), duckdb.connect() as db:
        db.execute("set TimeZone = 'Asia/Shanghai'")
        with _attached(db, warehouse, name, read_only=True):
            before = _state(warehouse)
            build, alarmed = _require_built(db, warehouse, name)
            tables, as_of = draft(db, catalogue, layer, asks, saved, name, tell)
        done = Exported(as_of, catalogue.fingerprint, counts(db, tables), alarmed)
        tables["export_log"] = draft_log(db, done, build)
        with _attached(db, warehouse, name, read_only=False):
            if _state(warehouse) != before:  # nobody else can build it now
                raise ExportError(f"{warehouse}: was built anew while its metrics were asked. Run kpi export again.")
            write.write(db, tables, name)
    return done


def draft(
    db: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    layer: SemanticLayer,
    asks: Sequence[Ask],
    saved: Sequence[SavedAsk],
    name: str,
    tell: Tell,
    answered: Answered = answered_here,
) -> tuple[dict[str, write.Table], dt.date]:
    """Ask all questions and draft all tables but the log.

    Args:
        db: connection for the drafts.
        catalogue: the metrics.
        layer: compiles the questions.
        asks: questions of the long table.
        saved: saved queries.
        name: of the database that holds the warehouse, or the copy of what ``kpi.export.compare`` reads.
        tell: see ``export``.
        answered: runs the questions.

    Returns:
        The tables by name, and the as-of day.

    Raises:
        ExportError: when a question cannot be asked.
    """
    total, done = len(asks) + len(saved), 0
    dimensions = describe_dimensions(dimensions_of(asks, saved))
    drafts = {query.name: f"saved_{number}" for number, query in enumerate(saved)}
    try:
        for query in saved:
            tell(query.name, done, total)
            add_saved_query(db, layer, query, drafts[query.name], answered)
            done += 1
        make_cells(db)
        for ask in asks:
            tell(f"{ask.grain} × {ask.dimension}", done, total)
            add_cells(db, layer, catalogue, ask, answered)
            done += 1
        tell("compare", done, total)
        as_of = compare(db, layer, catalogue, asks, name, answered)
    except duckdb.Error as error:
        raise ExportError(
            f"the metrics cannot be asked: {error}\nDo target/ and the warehouse come from one build? Run `dbt build`, "
            "then kpi export again."
        ) from error
    describe_metrics(db, catalogue, layer, "metric_definitions")
    types = {"dimension": "varchar", "label": "varchar", "label_en": "varchar", "is_ordered": "boolean"}
    rows = [(row.dimension, row.label, row.label_en, row.is_ordered) for row in dimensions]
    write.draft_rows(db, "dimension_definitions", types, rows)
    labels = {row.dimension: f"{row.label} {row.label_en}" for row in dimensions}
    return write.tables_of(catalogue, saved, labels, drafts), as_of


def draft_log(db: duckdb.DuckDBPyConnection, done: Exported, build: str | None) -> write.Table:
    """Draft ``export_log``: of which build and which definitions the tables are."""
    rows = [(table, count, done.as_of, done.fingerprint, build) for table, count in done.tables.items()]
    types = {"table_name": "varchar", "rows": "bigint", "as_of": "date", "fingerprint": "varchar", "build": "varchar"}
    write.draft_rows(db, "export_log", types, rows)
    return write.log_table()


def database_of(catalogue: Catalogue) -> str:
    """The name of the database in the SQL of MetricFlow."""
    return catalogue.manifest["semantic_models"][0]["node_relation"]["database"]


@contextmanager
def _alone(warehouse: Path) -> Iterator[None]:
    """Refuse a second export at once, not after the minutes of its questions."""
    lock = FileLock(warehouse.with_name(f".{warehouse.name}.export.lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ExportError(f"{warehouse}: another kpi export is at work. Run again when it has ended.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _attached(db: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool) -> Iterator[None]:
    # minutes of questions are behind who comes to write; whoever reads meanwhile is soon done
    attach(db, path, name, read_only=read_only, wait=0 if read_only else WAIT)
    try:
        yield
    finally:
        db.execute(f"detach {name}")


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _require_built(db: duckdb.DuckDBPyConnection, path: Path, name: str) -> tuple[str | None, list[str]]:
    """Which build the warehouse is of, and its alarms."""
    db.execute(f"use {name}")
    try:
        require_whole(db, path)
        state = last_build(db), alarms(db)
    finally:
        db.execute("use memory")
    built = db.execute(
        "select count(*) from duckdb_tables() where database_name = $1 and schema_name = 'marts'", [name]
    ).fetchone()
    if not built or not built[0]:
        raise WarehouseError(f"{path}: no marts in it. Run `make build` (or `dbt build`) first.")
    return state


def counts(db: duckdb.DuckDBPyConnection, tables: dict[str, write.Table]) -> dict[str, int]:
    """The rows of each draft."""
    return {title: db.execute(f"select count(*) from {t.draft}").fetchone()[0] for title, t in tables.items()}  # type: ignore[index]
