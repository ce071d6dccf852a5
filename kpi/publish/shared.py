"""Publishing on a server: what the published file would hold becomes the set of schema ``published`` there.

Which tables tell about persons is decided by their values, and which figures are withheld by all tables together. That
is one text, for DuckDB (``choice``, ``star``, ``metrics``). So what it looks at is copied to a file of a folder that is
gone afterwards: the exported metrics, dimensions and reference tables whole; of a table that stays out, in place of its
rows, one text of each column that shows a key of a person, if there is any. The file is published as ever, into that
folder, and its tables are exchanged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from kpi.engines import MissingTableError
from kpi.exchange import LEDGER, SET, Exchange, Piece, exchange_of
from kpi.export.asks import saved_asks
from kpi.export.catalogue import Catalogue, ExportError
from kpi.export.shared import Marks, answered_there, marks_of, require_built, require_same
from kpi.export.write import SCHEMA as METRICS
from kpi.export.write import commented, log_table, tables_of
from kpi.privacy.disclosure import K
from kpi.publish.asked import AskedBefore
from kpi.publish.choice import CUSTOMERS, FACTS, KEYS
from kpi.publish.draft import Published, PublishError
from kpi.publish.keys import with_keys
from kpi.publish.run import publish
from kpi.publish.star import MARKS, SCHEMAS, reasons_wanted
from kpi.sql import literal, quoted
from kpi.targets import Target

if TYPE_CHECKING:
    from kpi.engines import Reader
    from kpi.engines.server import ServerReader
    from kpi.semantic import SemanticLayer

SCHEMA, LOG = "published", "export_log"
# whether a text matches, and how the engine spells the edge of a word
MATCHES = {"postgres": ("cast({0} as text) ~ {1}", r"\y"), "spark": ("cast({0} as string) rlike {1}", r"\b")}


def publish_shared(
    target: Target,
    layer: SemanticLayer,
    project: Path,
    nodes: Mapping[str, Any],
    *,
    k: int = K,
    with_facts: bool = False,
    with_persons: bool = False,
    exchange: Exchange | None = None,
) -> tuple[Published, str]:
    """Exchange the set of schema ``published``.

    Args:
        target: which one.
        layer: its semantic layer.
        project: folder of the dbt project.
        nodes: ``nodes`` of the target's ``manifest.json``.
        k: fewest persons behind a figure.
        with_facts: publish facts too that hold no key of a person.
        with_persons: publish everything.
        exchange: puts the set into its place; that of the engine when omitted.

    Returns:
        What was published, and the name of the set.

    Raises:
        PublishError: when the metrics of the server are not exported, or of another build.
        kpi.exchange.ExchangeError: when the set cannot take its place, or somebody else is putting one there.
        kpi.warehouse.WarehouseError: when the server cannot be reached, or its warehouse is missing or half built.
    """
    exchange = exchange or exchange_of(target, layer.engine, layer.schema(SCHEMA))
    catalogue = Catalogue(layer.manifest)
    own = _as_of_this_place(nodes, layer.schema(""))
    wanted = reasons_wanted(with_facts=with_facts, with_persons=with_persons)
    with exchange.alone(), tempfile.TemporaryDirectory() as folder:  # of this user alone
        built, file = Path(folder) / "built.duckdb", Path(folder) / "published.duckdb"
        with layer.engine.connected() as opened, duckdb.connect(str(built)) as db:
            reader: Any = opened
            marks = marks_of(reader, layer)
            require_built(marks, reader, layer, target)
            exported = _exported(reader, layer)
            _Copy(db, reader, layer, target.kind).run(catalogue, own, marks, whole=FACTS in wanted)
        done = publish(
            built, file, layer.manifest, lambda: AskedBefore(layer, project, target.name), nodes=own,
            fingerprint=catalogue.fingerprint, k=k, with_facts=with_facts, with_persons=with_persons,
        )  # fmt: skip
        with duckdb.connect(str(file)) as db:
            return done, exchange.replace(
                db, pieces_of(db), lambda reader: _require_same(marks, exported, reader, layer)
            )


def _exported(reader: Reader, layer: SemanticLayer) -> str | None:
    """Which set of exported metrics stands; none where there is none."""
    try:
        return reader.ask(f"select max({SET}) as found from {layer.places[METRICS]}.{layer.quoted(LEDGER)}").rows[0][0]
    except MissingTableError:
        return None


def _require_same(marks: Marks, exported: str | None, reader: Reader, layer: SemanticLayer) -> None:
    if _exported(reader, layer) != exported:
        raise PublishError(
            "发布期间指标又重新导出 metrics were exported anew while they were read. Run `kpi publish` again."
        )
    try:
        require_same(marks, reader, layer)
    except ExportError as error:
        raise PublishError(str(error)) from error


def _as_of_this_place(nodes: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The nodes with the schemas that the project calls them by, whoever's place on the server they are in."""
    return {
        name: {**node, "schema": str(node.get("schema") or "").removeprefix(prefix)} for name, node in nodes.items()
    }


class _Copy:
    """Copies from a server to a file what a publication looks at."""

    def __init__(self, db: duckdb.DuckDBPyConnection, reader: ServerReader, layer: SemanticLayer, kind: str) -> None:
        self.db, self.reader, self.layer = db, reader, layer
        self.matches, self.edge = MATCHES[kind]

    def run(self, catalogue: Catalogue, nodes: dict[str, Any], marks: Marks, *, whole: bool) -> None:
        """Copy; with ``whole`` facts too."""
        self._metrics(catalogue)
        tables = {(n["schema"], n["alias"]) for n in nodes.values() if n["resource_type"] in ("model", "seed")}
        for schema, table in sorted(tables):
            if schema in SCHEMAS:
                is_shown = whole or schema == "reference" or table.startswith("dim_")
                self._table(schema, table, is_shown=is_shown)
        keyed = [n for n in with_keys(nodes).values() if n["resource_type"] == "model" and n.get("primary_key")]
        of_dimensions = [n["primary_key"] for n in keyed if n["alias"].startswith("dim_")]
        for node in keyed:  # of which a dimension's rows may be
            if node["schema"] not in SCHEMAS and node["primary_key"] in of_dimensions:
                self._table(node["schema"], node["alias"], is_shown=False)
        self.db.execute("create schema if not exists quality")
        self.db.execute(f"create or replace table quality.{MARKS} (state varchar, name varchar)")
        if marks:
            self.db.executemany(f"insert into quality.{MARKS} values (?, ?)", marks)

    def _metrics(self, catalogue: Catalogue) -> None:
        named = self._named(METRICS, LEDGER)
        try:
            listed = self.reader.ask(f"select table_name from {named} order by table_name").rows
            dimensions = self._dimensions()
        except MissingTableError:
            raise PublishError("服务器上未导出指标 no metrics are exported there. Run `kpi export` first.") from None
        about = tables_of(catalogue, saved_asks(catalogue.manifest), dimensions) | {LOG: log_table()}
        for (table,) in listed:
            self._table(METRICS, table, is_shown=True)
            if table in about:
                for statement in commented(f"{METRICS}.{quoted(table)}", about[table]):
                    self.db.execute(statement)

    def _dimensions(self) -> dict[str, str]:
        asked = f"select dimension, label, label_en from {self._named(METRICS, 'dimension_definitions')}"
        return {dimension: f"{label} {english}" for dimension, label, english in self.reader.ask(asked).rows}

    def _named(self, schema: str, table: str) -> str:
        return f"{self.layer.places[schema]}.{self.layer.quoted(table)}"

    def _table(self, schema: str, table: str, *, is_shown: bool) -> None:
        source = self._named(schema, table)
        try:
            empty, kinds = self.reader.typed(f"select * from {source} limit 0")
        except MissingTableError:  # no longer in the project, or not in this selection
            return
        columns = [column for column in empty.columns if column != SET]
        self.db.execute(f"create schema if not exists {quoted(schema)}")
        there = f"{quoted(schema)}.{quoted(table)}"
        if is_shown:
            asked = ", ".join(map(self.layer.quoted, columns))
            answered_there(self.db, self.reader, there, f"select {asked} from {source}")
            return
        texts = [c for c, kind in zip(empty.columns, kinds, strict=True) if kind == "VARCHAR" and c in columns]
        rows = [self._examples(source, texts, pattern) for pattern in (KEYS, CUSTOMERS)] if texts else []
        self.db.execute(f"create table {there} ({', '.join(f'{quoted(column)} varchar' for column in columns)})")
        for row in rows:
            names = ", ".join(map(quoted, texts))
            self.db.execute(f"insert into {there} ({names}) values ({', '.join('?' * len(texts))})", row)

    def _examples(self, source: str, texts: Sequence[str], pattern: str) -> list[Any]:
        """Of each column a text that holds a key."""
        spelled = literal(pattern.replace(r"\b", self.edge))
        parts = []
        for at, column in enumerate(map(self.layer.quoted, texts)):
            condition = self.matches.format(column, spelled)
            parts.append(f"max(case when {condition} then {column} end) as c{at}")
        return list(self.reader.ask(f"select {', '.join(parts)} from {source}").rows[0])


def pieces_of(db: duckdb.DuckDBPyConnection) -> dict[str, Piece]:
    """The tables of a published file, as they are written to one schema of a server.

    Raises:
        PublishError: where two schemas have a table of one name.
    """
    found: dict[str, Piece] = {}
    for schema, table, comment in _tables(db):
        if table in found:
            raise PublishError(f"{schema}.{table}: 重名 another schema has a table of that name. Rename one of them.")
        rows = db.execute(
            "select column_name, data_type, coalesce(comment, '') from duckdb_columns() "
            "where schema_name = $1 and table_name = $2 order by column_index",
            [schema, table],
        ).fetchall()
        key = db.execute(
            "select constraint_column_names from duckdb_constraints() "
            "where schema_name = $1 and table_name = $2 and constraint_type = 'PRIMARY KEY'",
            [schema, table],
        ).fetchone()
        found[table] = Piece(
            f"{quoted(schema)}.{quoted(table)}", {name: kind for name, kind, _ in rows}, comment or "",
            {name: text for name, _, text in rows if text}, tuple(key[0]) if key else (),
        )  # fmt: skip
    return found


def _tables(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str | None]]:
    asked = "select schema_name, table_name, comment from duckdb_tables() where not temporary order by all"
    yield from db.execute(asked).fetchall()
