"""Sets of tables on a server, as far as no server is needed: what is run, in which order, what stands after a crash.

``python -m harness.exports`` does the same on the servers themselves.
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from kpi import coverage
from kpi.engines import Rows
from kpi.engines.server import types_of
from kpi.exchange import LEDGER, SET, ExchangeError, Piece, exchange_of, postgres, spark
from kpi.export.asks import Ask, saved_asks
from kpi.export.catalogue import Catalogue, ExportError
from kpi.export.compare import READ
from kpi.export.run import export
from kpi.export.shared import export_shared
from kpi.publish import shared as publish_there
from kpi.publish.draft import PublishError
from kpi.publish.run import publish
from kpi.semantic import SemanticLayer
from kpi.sql import PLACES, quoted
from kpi.targets import Target, TargetError
from kpi.warehouse import WarehouseError, warehouse_path

ROOT = Path(__file__).parents[2]
PIECE = Piece("drafted", {"id": "BIGINT", "money": "DECIMAL(18,2)"}, "It's kept", {"id": "编号"}, ("id",))


@pytest.fixture
def drafts():
    with duckdb.connect() as db:
        db.execute("create table drafted as select 1::bigint as id, 2.50::decimal(18, 2) as money")
        yield db


# --- PostgreSQL ----------------------------------------------------------------------------------------------------


def test_a_table_that_is_there_is_altered_only_where_its_columns_differ():
    there = {"id": "bigint", "money": "numeric(18,2)", SET: "text"}
    assert postgres.changes("t", PIECE, there, set()) == []
    assert postgres.changes("t", PIECE, None, set()) == [
        f'create table t ("id" bigint, "money" numeric(18,2), "{SET}" text)'
    ]
    other = {"id": "bigint", "money": "double precision", "gone": "text", SET: "text"}
    assert postgres.changes("t", PIECE, other, set()) == [
        'alter table t drop column "gone", alter column "money" type numeric(18,2) using null::numeric(18,2)'
    ]
    # a column of nothing but nulls has no type of its own, and keeps that of the table
    assert postgres.changes("t", PIECE, {**there, "money": "bigint"}, {"money"}) == []


def test_a_key_is_named_by_what_it_is_of_and_stays():
    (made,) = postgres.keyed("t", PIECE, set())
    (name,) = re.findall(r"constraint (kpi_\w{16}) primary key", made)
    assert postgres.keyed("t", PIECE, {name}) == []
    # another key, or none: the old one and the nulls that it forbade go before rows come that it would not take
    assert postgres.unkeyed("t", PIECE, {name}) == []
    assert postgres.unkeyed("t", Piece("d", {"id": "BIGINT"}), {name}) == [
        f'alter table t drop constraint "{name}", alter column "id" drop not null'
    ]
    assert postgres.keyed("t", Piece("d", {"id": "BIGINT"}), {name}) == []
    assert name not in postgres.keyed("other", PIECE, set())[0]  # names of keys are those of indexes of the schema


def test_comments_are_quoted_and_those_that_are_gone_go():
    (said,) = postgres.comments("t", PIECE)
    assert "comment on table t is 'It''s kept'" in said
    assert 'comment on column t."money" is null' in said


class _Cursor:
    """Answers what the exchange asks of the catalogue, and notes what it runs."""

    def __init__(self, there, ours):
        self.there, self.ours, self.ran, self.copied = there, ours, [], {}

    def execute(self, sql, given=()):
        self.ran.append(sql)
        self.found = []
        if sql == postgres.STAMP:
            self.found = [("s2",)]
        elif sql == postgres.COLUMNS:
            self.found = [(table, column, kind) for table, columns in self.there.items() for column, kind in columns]
        elif sql.startswith("select table_name from"):
            self.found = [(name,) for name in self.ours]
        elif "pg_namespace" in sql and self.there:
            self.found = [(1,)]

    def fetchone(self):
        return self.found[0] if self.found else None

    def fetchall(self):
        return self.found

    def copy_expert(self, sql, file):
        self.copied[re.search(r'"."(\w+)"', sql)[1]] = file.read()


LISTED = [("table_name", "text"), ("rows", "bigint"), ("stored_as", "text"), (SET, "text")]
COLUMNS = [("id", "bigint"), ("money", "numeric(18,2)"), (SET, "text")]


def filled(drafts, there, ours, pieces):
    cursor = _Cursor(there, ours)
    name = postgres.PostgreSqlExchange(SimpleNamespace(), "metrics")._fill(drafts, cursor, pieces)
    assert name == "s2"
    return cursor


def test_tables_are_emptied_and_filled_and_never_replaced(drafts):
    there = {"kept": COLUMNS, "gone": COLUMNS, LEDGER: LISTED, "somebodys": [("i", "integer")]}
    cursor = filled(drafts, there, ["kept", "gone"], {"kept": PIECE, "new": PIECE})
    changing = [sql for sql in cursor.ran if re.match("create|drop|alter|truncate|delete", sql)]
    assert changing == [
        'drop table "metrics"."gone"',
        'delete from "metrics"."kept"',
        *postgres.keyed('"metrics"."kept"', PIECE, set()),
        *postgres.changes('"metrics"."new"', PIECE, None, set()),
        *postgres.keyed('"metrics"."new"', PIECE, set()),
        f'delete from "metrics"."{LEDGER}"',
        *postgres.keyed(f'"metrics"."{LEDGER}"', Piece("", {}, key=("table_name",)), set()),
    ]
    assert cursor.copied["kept"] == cursor.copied["new"] == "1,2.50,s2\n"
    assert cursor.copied[LEDGER] == "kept,1,metrics.kept,s2\nnew,1,metrics.new,s2\n"


def test_a_table_that_kpi_did_not_write_is_left_alone(drafts):
    with pytest.raises(ExchangeError, match=r"metrics\.kept.*was not written by kpi"):
        filled(drafts, {"kept": COLUMNS}, [], {"kept": PIECE})
    first = filled(drafts, {}, [], {"kept": PIECE})
    assert 'create schema "metrics"' in first.ran


def test_a_null_and_an_empty_text_stay_apart(drafts):
    drafts.execute("create table texts as select * from (values ('', null), (null, '\"a\", b\n')) t(a, b)")
    cursor = filled(drafts, {}, [], {"texts": Piece("texts", {"a": "VARCHAR", "b": "VARCHAR"})})
    assert cursor.copied["texts"] == '"",,s2\n,"""a"", b\n",s2\n'


@pytest.mark.parametrize("kind", ["STRUCT(a INTEGER)", "MAP(VARCHAR, BIGINT)"])
def test_a_type_that_an_engine_does_not_have_is_named_with_its_column(kind):
    piece = Piece("d", {"odd": kind})
    with pytest.raises(ExchangeError, match=r"t\.odd.*STRUCT|t\.odd.*MAP"):
        postgres.types_of(piece, "t")
    with pytest.raises(ExchangeError, match=r"t\.odd"):
        spark.filled("t", piece, "s", [], "parquet")


@pytest.mark.parametrize("engine", [postgres.PostgreSqlExchange, spark.SparkExchange])
def test_the_names_of_the_set_itself_are_taken(engine, drafts):
    pytest.importorskip("psycopg2"), pytest.importorskip("pyhive")
    for pieces in ({LEDGER: PIECE}, {"t": Piece("drafted", {SET: "VARCHAR"})}):
        with pytest.raises(ExchangeError, match="已被占用"):
            engine(SimpleNamespace(), "metrics").replace(drafts, pieces, lambda reader: None)


def test_an_engine_that_nobody_has_looked_at_is_refused():
    with pytest.raises(TargetError, match="trino"):
        exchange_of(Target("t", "trino", Path()), SimpleNamespace(), "metrics")


# --- Spark ---------------------------------------------------------------------------------------------------------


class _Catalog:
    """Tables and views as the statements of an exchange make them; a connection of PyHive to nobody."""

    def __init__(self):
        self.schemas, self.views, self.rows, self.ran, self.clock = {}, {}, {}, [], 0
        self.target = SimpleNamespace(name="spark")

    def connect(self):
        return self

    def cursor(self):
        return self

    def close(self):
        pass

    def execute(self, sql):
        self.ran.append(sql)
        names = re.findall(r"`(\w+)`\.`(\w+)`", sql)
        found = None
        if sql == spark.STAMP:
            self.clock += 1
            found = [(f"2026{self.clock:04}",)]
        elif made := re.match(r"create schema (?:if not exists )?`(\w+)`", sql):
            self.schemas.setdefault(made[1], set())
        elif sql.startswith("create table"):
            schema, table = names[0]
            self.schemas[schema].add(table)
            self.rows[names[0]] = len(re.findall(r"\[\"", sql))
        elif sql.startswith("create or replace view"):
            schema, table = names[-1]
            assert table in self.schemas[schema], "a view of nothing"
            self.views[names[0][1]] = schema
        elif sql.startswith("drop view"):
            del self.views[names[0][1]]
        elif dropped := re.match(r"drop schema (?:if exists )?`(\w+)` cascade", sql):
            del self.schemas[dropped[1]]
        elif sql.startswith("show views"):
            found = [("metrics", view, False) for view in self.views]
        elif sql.startswith("show schemas"):
            found = [(name,) for name in self.schemas if name.startswith("metrics_set_")]
        elif " as view, max(" in sql:
            found = [(view, self.views[view].removeprefix("metrics_set_")) for _, view in names]
        elif sql.startswith("select max"):
            found = [(self.views[view].removeprefix("metrics_set_"),) for _, view in names]
        elif sql.startswith("select table_name"):
            found = [(table,) for table in self.schemas[names[0][0]] - {LEDGER}]
        self.description, self.found = found and ["a column"], found

    def fetchall(self):
        return self.found

    def standing(self):
        return {view: schema.removeprefix("metrics_set_") for view, schema in self.views.items()}


@pytest.fixture
def catalog():
    pytest.importorskip("pyhive")
    return _Catalog()


def put(catalog, drafts, *tables, check=lambda reader: None):
    pieces = dict.fromkeys(tables or ("a", "b"), PIECE)
    return spark.SparkExchange(catalog, "metrics").replace(drafts, pieces, check)


def test_views_are_pointed_at_a_set_that_is_whole_and_the_list_comes_last(catalog, drafts):
    def check(reader):
        assert catalog.schemas["metrics_set_20260001"] == {"a", "b", LEDGER} and catalog.views == {}

    assert put(catalog, drafts, check=check) == "20260001"
    pointed = [sql for sql in catalog.ran if sql.startswith("create or replace view")]
    assert [re.search(r"`metrics`\.`(\w+)`", sql)[1] for sql in pointed] == ["a", "b", LEDGER]
    assert "comment 'It\\'s kept'" in pointed[0] and "`id` comment '编号'" in pointed[0]


def test_the_last_two_sets_stay_so_that_queries_end(catalog, drafts):
    for _ in range(3):
        put(catalog, drafts)
    assert {name for name in catalog.schemas if "_set_" in name} == {"metrics_set_20260002", "metrics_set_20260003"}
    put(catalog, drafts, "a")
    assert catalog.standing() == {"a": "20260004", LEDGER: "20260004"}


def test_a_set_that_is_refused_goes_and_the_one_before_stands(catalog, drafts):
    put(catalog, drafts)

    def refuse(reader):
        raise ExportError("built meanwhile")

    with pytest.raises(ExportError):
        put(catalog, drafts, check=refuse)
    assert set(catalog.standing().values()) == {"20260001"}
    assert "metrics_set_20260002" not in catalog.schemas


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("point", ["a", "b", LEDGER])
def test_killed_between_two_views_each_is_whole_and_the_next_export_makes_them_one_set(
    point, catalog, drafts, monkeypatch
):
    put(catalog, drafts)

    def die(at):
        if at == point:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(spark, "reached", die)
        with pytest.raises(Killed):
            put(catalog, drafts)
    assert catalog.standing()[LEDGER] == "20260001"
    assert all(view in catalog.schemas[schema] for view, schema in catalog.views.items())
    put(catalog, drafts)
    assert set(catalog.standing().values()) == {"20260003"}
    put(catalog, drafts)  # what the killed one left is older than the set before
    assert {name for name in catalog.schemas if "_set_" in name} == {"metrics_set_20260003", "metrics_set_20260004"}


@pytest.mark.parametrize("point", ["a", "b", LEDGER])
def test_of_two_exports_at_once_the_newer_set_stands_in_all_views(point, catalog, drafts, monkeypatch):
    def interrupt(at):
        if at == point:
            monkeypatch.setattr(spark, "reached", lambda at: None)
            with duckdb.connect() as db:
                db.execute("create table drafted as select 1::bigint as id, 2.50::decimal(18, 2) as money")
                assert put(catalog, db) == "20260002"

    monkeypatch.setattr(spark, "reached", interrupt)
    assert put(catalog, drafts) in ("20260001", "20260002")
    assert len(set(catalog.standing().values())) == 1
    if point != "a":  # where the first had swapped nothing, it swaps all of them afterwards
        assert set(catalog.standing().values()) == {"20260002"}


def test_a_set_that_was_overtaken_before_its_views_says_so(catalog, drafts):
    def overtake(reader):
        with duckdb.connect() as db:
            db.execute("create table drafted as select 1::bigint as id, 2.50::decimal(18, 2) as money")
            put(catalog, db)

    with pytest.raises(ExchangeError, match="20260002"):
        put(catalog, drafts, check=overtake)
    assert set(catalog.standing().values()) == {"20260002"}


def test_rows_are_one_text_with_every_sign_in_it_escaped():
    sql = spark.filled("t", Piece("d", {"a": "VARCHAR", "n": "DOUBLE"}), "s", [["it's \\ \n 群", None]], "parquet")
    (text,) = re.findall(r"from_json\('(.*?[^\\])', 'array", sql)
    assert text == '[["it\\\'s \\\\\\\\ \\\\n \\\\u7fa4", null]]'
    assert sql.startswith("create table t using parquet as select cast(cells[0] as string) as `a`")
    assert spark.filled("t", Piece("d", {"a": "VARCHAR"}), "s", [], None).startswith("insert into t select")


# --- the export ----------------------------------------------------------------------------------------------------


def test_all_that_is_read_beside_the_figures_is_copied():
    text = files("kpi.export").joinpath("compare.sql").read_text(encoding="utf-8")
    text += coverage.SPAN + coverage.COVERED
    named = {(schema, table) for schema, table in re.findall(r"\{(\w+)\}\.(\w+)", text) if schema in PLACES}
    assert named == set(READ)


class _Served:
    """DuckDB's warehouse as if it were a server's."""

    def __init__(self, layer):
        self.layer, self.reader = layer, None

    @contextmanager
    def connected(self):
        with self.layer.engine.connected() as self.reader:
            yield self

    def ask(self, sql):
        return self.reader.ask(sql)

    def typed(self, sql):
        found = self.ask(sql)
        kinds = [str(kind).replace("HUGEINT", "DECIMAL") for kind in self.reader.connection.sql(sql).types]
        kinds = [re.sub(r"DECIMAL.*", "DECIMAL", kind) for kind in kinds]
        return Rows(*found), types_of(found, kinds)

    def renew(self):
        pass


class _Kept:
    """An exchange that keeps the tables."""

    def __init__(self):
        self.tables, self.pieces, self.served = {}, {}, None

    @contextmanager
    def alone(self):
        yield

    def replace(self, db, pieces, check):
        with self.served.connected() as reader:
            check(reader)
        for name, piece in pieces.items():
            rows = db.execute(
                f"select {', '.join(map(quoted, piece.types))} from {piece.draft} order by all"
            ).fetchall()
            self.tables[name], self.pieces[name] = (dict(piece.types), rows), piece
        return "s1"


@pytest.fixture
def warehouse(tmp_path):
    file = tmp_path / "community_metrics.duckdb"
    shutil.copy(warehouse_path(), file)
    return file


def exported(file, exchange, asks, saved):
    layer = SemanticLayer(ROOT, warehouse=file)
    served = exchange.served = _Served(layer)
    shown = SimpleNamespace(engine=served, places=layer.places, quoted=layer.quoted, schema=layer.schema)
    return export_shared(THERE, shown, layer, Catalogue.of(ROOT), asks=asks, saved=saved, exchange=exchange)


THERE = Target("duckdb", "postgres", ROOT / "target")
ASKS = [
    Ask(("leave_rate", "members", "net_sales"), "month", "all", ("leaves", "memberships_at_risk")),
    Ask(("members",), "week", "community__community_name"),
]


def test_what_a_server_answers_becomes_the_tables_that_duckdb_exports(warehouse):
    catalogue = Catalogue.of(ROOT)
    parts = [catalogue.metrics["leave_rate"].numerator, catalogue.metrics["leave_rate"].denominator]
    asks = [Ask(ASKS[0].metrics, "month", "all", tuple(part.metric for part in parts)), ASKS[1]]
    saved = [query for query in saved_asks(catalogue.manifest) if query.name == "monetization_by_community"]
    kept = _Kept()
    done = exported(warehouse, kept, asks, saved)
    assert done.exported_set == "s1"
    export(warehouse, catalogue, SemanticLayer(ROOT, warehouse=warehouse), asks=asks, saved=saved)
    with duckdb.connect(str(warehouse), read_only=True) as db:
        tables = db.execute("select table_name from duckdb_tables() where schema_name = 'metrics'").fetchall()
        assert {name for (name,) in tables} == set(kept.tables)
        for name, (types, rows) in kept.tables.items():
            assert types == {c: kind for c, kind, *_ in db.execute(f"describe metrics.{name}").fetchall()}, name
            assert rows == db.execute(f"from metrics.{name} order by all").fetchall(), name


def test_a_half_built_server_is_refused_and_one_without_marts(warehouse, tmp_path):
    with duckdb.connect(str(warehouse)) as db:
        db.execute("insert into quality.build_state values ('unfinished', 'fct_sales')")
    with pytest.raises(WarehouseError, match=r"(?s)did not finish.*fct_sales.*dbt build --target duckdb"):
        exported(warehouse, _Kept(), ASKS, [])
    empty = tmp_path / "empty" / "community_metrics.duckdb"
    empty.parent.mkdir()
    duckdb.connect(str(empty)).close()
    with pytest.raises(WarehouseError, match=r"no marts.*dbt build --target duckdb"):
        exported(empty, _Kept(), ASKS, [])


@pytest.mark.parametrize("mark", [("unfinished", "fct_sales"), ("build", "another")])
def test_a_server_that_was_built_meanwhile_is_refused(mark, warehouse, monkeypatch):
    from kpi.export import shared

    found = iter([[("build", "b1")], sorted([("build", "b1"), mark]), [("alarm", "a"), ("build", "b1")]])
    monkeypatch.setattr(shared, "marks_of", lambda reader, layer: next(found))
    kept = _Kept()
    with pytest.raises(ExportError, match="built anew"):
        exported(warehouse, kept, [Ask(("members",), "month")], [])
    assert kept.tables == {}
    shared.require_same([("build", "b1")], None, None)  # an alarm that was run meanwhile replaced nothing


# --- the publication -----------------------------------------------------------------------------------------------


@pytest.fixture
def publishable(warehouse, monkeypatch):
    """A warehouse with exported metrics, and the list of them that a server has."""
    monkeypatch.setitem(publish_there.MATCHES, "postgres", ("regexp_matches({0}::varchar, {1})", r"\b"))
    layer = SemanticLayer(ROOT, warehouse=warehouse)
    asks = [Ask(("members",), "month"), Ask(("net_sales",), "month", "community__community_name")]
    export(warehouse, Catalogue.of(ROOT), layer, asks=asks, saved=[])
    with duckdb.connect(str(warehouse)) as db:
        listed = f"select table_name, 's1' as {SET} from duckdb_tables()"
        listed += f" where schema_name = 'metrics' and table_name <> '{LEDGER}'"
        db.execute(f"create table metrics.{LEDGER} as {listed}")
    return warehouse


def published(file, kept, nodes):
    layer = SemanticLayer(ROOT, warehouse=file)
    served = kept.served = _Served(layer)
    shown = SimpleNamespace(
        **{name: getattr(layer, name) for name in ("places", "quoted", "schema", "manifest", "connected")},
        **{name: getattr(layer, name) for name in ("defined_by", "query", "sql", "sql_of")},
        engine=served,
    )
    return publish_there.publish_shared(THERE, shown, ROOT, nodes, exchange=kept)


def test_what_is_published_on_a_server_is_what_the_file_holds(publishable, tmp_path):
    nodes = json.loads((ROOT / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    kept = _Kept()
    done, name = published(publishable, kept, nodes)
    assert name == "s1"
    file = tmp_path / "bi.duckdb"
    layer = SemanticLayer(ROOT, warehouse=publishable)
    with duckdb.connect(str(publishable)) as db:
        db.execute(f"drop table metrics.{LEDGER}")
    there = publish(publishable, file, layer.manifest, lambda: layer, nodes=nodes)
    for what in ("left_out", "without", "withheld", "tables"):
        assert getattr(done, what) == getattr(there, what), what
    assert "marts.dim_members" in done.left_out and sum(done.withheld.values()) > 0
    with duckdb.connect(str(file), read_only=True) as db:
        expected = publish_there.pieces_of(db)
        assert set(kept.tables) == set(expected)
        for table, piece in expected.items():
            types, rows = kept.tables[table]
            columns = ", ".join(map(quoted, piece.types))
            assert (types, rows) == (
                piece.types,
                db.execute(f"select {columns} from {piece.draft} order by all").fetchall(),
            )
        assert expected["metric_values"].comments["value"] and expected["metric_definitions"].key == ("metric_id",)
        assert kept.pieces["metric_values"].comments == expected["metric_values"].comments
        assert kept.pieces["metric_definitions"].key == ("metric_id",)


def test_a_server_without_exported_metrics_publishes_none(warehouse):
    kept = _Kept()
    with pytest.raises(PublishError, match="kpi export"):
        published(warehouse, kept, {})
    assert kept.tables == {}


def test_two_tables_of_one_name_are_named():
    with duckdb.connect() as db:
        db.execute("create schema a; create schema b; create table a.twice (i int); create table b.twice (i int)")
        with pytest.raises(PublishError, match=r"b\.twice"):
            publish_there.pieces_of(db)
