"""Exports to a server, against DuckDB's, with readers and crashes: a step of ``.ci/engine``.

    python -m harness.exports postgres|spark [--all]

Both targets have been built of the same exports. A few questions of each kind, all with ``--all``, are exported on
both, and the tables compared: counts and money exactly, other numbers to one part in 10^9. Then the set is exchanged
twice more while somebody reads, and once by a process that is killed half way. What is wrong is printed, one line each,
and the status is 1. What is published on PostgreSQL is compared with the published file as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from harness.engines import is_equal, plain
from kpi.engines import EngineError
from kpi.exchange import LEDGER, SET, ExchangeError, Piece, exchange_of
from kpi.export.asks import ALL, Ask, SavedAsk, long_asks, saved_asks
from kpi.export.catalogue import Catalogue
from kpi.export.run import export
from kpi.export.shared import export_shared
from kpi.publish.run import publish
from kpi.publish.shared import publish_shared
from kpi.semantic import SemanticLayer
from kpi.sql import quoted
from kpi.targets import EMBEDDED, Target, find_target
from kpi.warehouse import warehouse_path

# a number of things, money, a ratio with a filtered input, one with a target, a proportion with an interval
FEW = ("members", "net_sales", "order_conversion_rate", "leave_rate", "target_value")
SAVED = ("monetization_by_community", "targets")
NAME = "community__community_name"
ROWS = 20_000  # of the tables that are exchanged while somebody reads


def chosen(catalogue: Catalogue, layer: SemanticLayer, *, everything: bool) -> tuple[list[Ask], list[SavedAsk]]:
    """What is exported."""
    saved = saved_asks(catalogue.manifest)
    if everything:
        return long_asks(catalogue, layer), saved
    parts = (part for name in FEW for part in (catalogue.metrics[name].numerator, catalogue.metrics[name].denominator))
    inputs = tuple(sorted({part.metric for part in parts if part and not part.where}))
    asks = [
        Ask(FEW, "month", ALL, inputs),
        Ask(("members", "net_sales"), "week", NAME),
        Ask(("members",), "day"),
    ]
    return asks, [query for query in saved if query.name in SAVED]


def compare(theirs: SemanticLayer, file: Path, schemas: Sequence[str] = ("metrics",), at: str = "metrics") -> list[str]:
    """What differs between the set of a server and tables of a file of DuckDB.

    Args:
        theirs: the server.
        file: DuckDB's.
        schemas: whose tables are compared.
        at: the schema of the set.
    """
    said: list[str] = []
    with duckdb.connect(str(file), read_only=True) as db, theirs.connected():
        asked = "select schema_name, table_name from duckdb_tables() where list_contains($1, schema_name)"
        tables = {name: f"{quoted(schema)}.{quoted(name)}" for schema, name in db.execute(asked, [schemas]).fetchall()}
        listed = theirs.sql(f"select table_name, rows from {_of(theirs, LEDGER, at)}").rows
        counted = {name: db.execute(f"select count(*) from {named}").fetchall()[0][0] for name, named in tables.items()}
        if dict(listed) != counted:
            said.append(f"{LEDGER}: {listed} but {counted}")
        for name, named in tables.items():
            columns = [column for column, *_ in db.execute(f"describe {named}").fetchall()]
            names = [column for column in columns if column not in ("build", "fingerprint")]  # of each target its own
            wanted = db.execute(f"select {', '.join(map(quoted, names))} from {named}").fetchall()
            found = theirs.sql(f"select {', '.join(map(theirs.quoted, names))} from {_of(theirs, name, at)}").rows
            said += _difference(name, names, wanted, found)
    return said


def _of(layer: SemanticLayer, table: str, schema: str = "metrics") -> str:
    return f"{layer.quoted(layer.schema(schema))}.{layer.quoted(table)}"


def compare_published(target: Target, theirs: SemanticLayer, ours: SemanticLayer, exported: Path) -> list[str]:
    """What differs between the published set of a server and the file that is published of DuckDB's warehouse."""
    file = exported.with_name("bi.duckdb")
    project = Path()
    nodes = [json.loads((find_target(project, name).folder / "manifest.json").read_text())["nodes"]
             for name in (EMBEDDED, target.name)]  # fmt: skip
    done = publish(exported, file, ours.manifest, lambda: SemanticLayer(project, warehouse=exported), nodes=nodes[0])
    again, _ = publish_shared(target, theirs, project, nodes[1])
    said = [
        f"published: {what} {getattr(done, what)} but {getattr(again, what)}"
        for what in ("left_out", "without", "withheld", "without_days")
        if getattr(done, what) != getattr(again, what)
    ]
    return said + compare(theirs, file, ("metrics", "marts", "reference", "quality"), "published")


def _difference(table: str, names: Sequence[str], wanted: list[Any], found: list[Any]) -> list[str]:
    ours, theirs = (Counter(tuple(map(plain, _days(row))) for row in rows) for rows in (wanted, found))
    missing, more = list((ours - theirs).elements()), list((theirs - ours).elements())

    def by_texts(row: tuple[Any, ...]) -> str:
        return repr([cell for cell in row if isinstance(cell, str | bool)])

    missing.sort(key=by_texts), more.sort(key=by_texts)
    said = [f"{table}: {len(wanted)} rows but {len(found)}"] if len(wanted) != len(found) else []
    left = list(more)
    for row in missing:  # numbers that only fell on two sides of a last digit
        twin = next((other for other in left if all(map(is_equal, row, other))), None)
        if twin is None:
            nearest = next((other for other in left if by_texts(other) == by_texts(row)), None)
            apart = [f"{n} {a!r} but {b!r}" for n, a, b in zip(names, row, nearest or (), strict=False) if a != b]
            said.append(f"{table}: {', '.join(apart) or row}")
        else:
            left.remove(twin)
    return said[:5]


def _days(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(str(value)[:10] if hasattr(value, "year") else value for value in row)


class Readers:
    """Reads what is exchanged, all the time, as a BI tool does: each question by itself."""

    def __init__(self, layer: SemanticLayer, tables: Sequence[str]) -> None:
        """Nothing is read yet.

        Args:
            layer: of the target.
            tables: tables of schema ``metrics`` that are read.
        """
        self.layer, self.tables = layer, tables
        self.errors: list[str] = []
        self.seen: list[tuple[str, ...]] = []
        self._stop = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read until the end of the block."""
        thread = threading.Thread(target=self._read)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _read(self) -> None:
        asked = [f"select {SET}, count(*) as n from {_of(self.layer, table)} group by {SET}" for table in self.tables]
        all_at_once = " union all ".join(asked)
        try:
            with self.layer.engine.connected() as reader:
                while not self._stop.is_set():
                    for table, sql in zip(self.tables, asked, strict=True):
                        rows = reader.ask(sql).rows
                        reader.renew()  # type: ignore[attr-defined]
                        if len(rows) != 1 or rows[0][1] not in (ROWS, len(self.tables)):
                            self.errors.append(f"a reader of {table} found {rows}")
                    rows = reader.ask(all_at_once).rows
                    reader.renew()  # type: ignore[attr-defined]
                    self.seen.append(tuple(sorted({name for name, _ in rows})))
        except EngineError as error:
            self.errors.append(f"a reader failed: {error}")


def exchange_while_read(target: Target, layer: SemanticLayer) -> list[str]:
    """What a reader sees that it should not, while two sets take their places."""
    schema = layer.schema("metrics")
    exchange = exchange_of(target, layer.engine, schema)
    said: list[str] = []
    with duckdb.connect() as db:
        pieces = made(db)
        names = list(pieces)

        def put() -> str:
            with exchange.alone():
                return exchange.replace(db, pieces, lambda reader: None)

        sets = [put()]
        readers = Readers(layer, names)
        with readers.reading():
            for _ in range(2):
                time.sleep(1)
                sets.append(put())
            time.sleep(1)
        said += readers.errors
        told = {name for seen in readers.seen for name in seen}
        if not {sets[0], sets[-1]} <= told <= set(sets):
            said.append(f"readers saw the sets {sorted(told)}, written were {sets}")
        mixed = sum(len(seen) > 1 for seen in readers.seen)
        if mixed and target.kind == "postgres":  # of Spark's views it is known, and the column tells
            said.append(f"{mixed} of {len(readers.seen)} questions about several tables found two sets")
        print(f"     {len(readers.seen)} rounds of reading, {mixed} with two sets at once", file=sys.stderr, flush=True)
        if target.kind == "postgres":
            said += _refused(target, layer)
            with layer.engine.connected() as reader:  # one transaction
                asked = [f"select min({SET}) as one, count(*) as n from {_of(layer, table)}" for table in pieces]
                first = reader.ask(asked[0]).rows
                put()
                if reader.ask(asked[1]).rows != first:
                    said.append("a transaction that had begun found another set")
    return said


def made(db: duckdb.DuckDBPyConnection) -> dict[str, Piece]:
    """Two tables large enough that writing them takes a while, with what is awkward to spell."""
    db.execute(
        f"create or replace table made as select i as number, cast(i as decimal(18, 2)) / 100 as money, "
        f"i / 7 as ratio, case when i % 3 > 0 then '群''s \\n \"' || i end as text, '' as nothing, i % 2 = 0 as truth, "
        f"date '2026-01-01' + cast(i % 28 as integer) as day from range({ROWS}) t(i)"
    )
    types = {name: kind for name, kind, *_ in db.execute("describe made").fetchall()}
    types |= {"money": "DECIMAL(18,2)"}
    db.execute("create or replace view made_again as from made")
    return {
        "made": Piece("made", types, "It's made 造", {"text": "quotes ' \\ \""}, ("number",)),
        "made_again": Piece("made_again", types),
    }


def _refused(target: Target, layer: SemanticLayer) -> list[str]:
    """A second export at the same time, which the server refuses at once."""
    schema = layer.schema("metrics")
    first, second = (exchange_of(target, layer.engine, schema) for _ in range(2))
    with first.alone():
        try:
            with second.alone():
                return ["two exports were let in at once"]
        except ExchangeError as error:
            return [] if "PID" in str(error) else [f"who exports is not named: {error}"]


def killed(target: Target, layer: SemanticLayer) -> list[str]:
    """What a process that is killed half way leaves behind that it should not."""
    before = _standing(layer)
    code = (
        "import signal, duckdb; from harness import exports; from kpi.semantic import SemanticLayer; "
        "from kpi.exchange import exchange_of; from kpi.targets import find_target\n"
        "def die(*_): print('half way', flush=True); signal.pause()\n"
        f"target = find_target('.', {target.name!r}); layer = SemanticLayer('.', target=target.name)\n"
        "exchange = exchange_of(target, layer.engine, layer.schema('metrics')); db = duckdb.connect()\n"
        "with exchange.alone(): exchange.replace(db, exports.made(db), die)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        if not any("half way" in line for line in process.stdout or ()):
            return ["the process that was to be killed did not get half way"]
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()
    after = _standing(layer)
    return [] if after == before else [f"a killed export left {after}, not {before}"]


def _standing(layer: SemanticLayer) -> list[Any]:
    said = f"{SET}, count(*) as n, sum(money) as m"
    asked = [f"select {said} from {_of(layer, table)} group by {SET}" for table in ("made", "made_again")]
    with layer.connected():
        return sorted(row for sql in asked for row in layer.sql(sql).rows)


def kept(target: Target, layer: SemanticLayer) -> list[str]:
    """What a DBA gave to others, and what others made of the tables, that an export takes away (PostgreSQL)."""
    schema = quoted(layer.schema("metrics"))
    said = []
    connection = layer.engine.connect()  # type: ignore[attr-defined]
    connection.autocommit = True
    with connection.cursor() as cursor, duckdb.connect() as db:

        def run(*statements: str) -> list[Any]:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

        run("drop view if exists of_made", "drop owned by bi_reader" if _role(run) else "create role bi_reader")
        run(
            f"grant usage on schema {schema} to bi_reader",
            f"grant select on all tables in schema {schema} to bi_reader",
            f"alter default privileges in schema {schema} grant select on tables to bi_reader",
            f"create view of_made as select number, money from {schema}.made",
            f"create table if not exists {schema}.somebodys (i int)",
        )
        exchange = exchange_of(target, layer.engine, layer.schema("metrics"))
        pieces = made(db)
        pieces["made_later"] = pieces["made_again"]
        db.execute("create table more as select *, 1::bigint as another from made")
        pieces["made"] = Piece("more", {**pieces["made"].types, "another": "BIGINT"}, key=("number",))
        with exchange.alone():
            exchange.replace(db, pieces, lambda reader: None)
        run("set role bi_reader")
        for table in ("made", "made_later", LEDGER):
            if run(f"select count(*) from {schema}.{table}")[0][0] == 0:
                said.append(f"{table} is empty")
        run("reset role")
        if run("select count(*) from of_made") != [(ROWS,)]:
            said.append("a view over an exported table lost its rows")
        if run(f"select count(*) from {schema}.somebodys") != [(0,)]:
            said.append("a table that kpi did not write is gone")
        del pieces["made_later"]
        pieces["made"] = Piece("made", {name: k for name, k in pieces["made"].types.items() if name == "text"})
        try:
            with exchange.alone():
                exchange.replace(db, pieces, lambda reader: None)
            said.append("a column that a view reads was dropped")
        except ExchangeError as error:
            if "of_made" not in str(error):
                said.append(f"the view is not named: {error}")
        if run(f"select count(another) from {schema}.made") != [(ROWS,)]:
            said.append("a refused export left something behind")
        run("drop view of_made", f"drop table {schema}.somebodys")
        with exchange.alone():
            exchange.replace(db, made(db), lambda reader: None)
        if run(f"select to_regclass('{schema}.made_later')") != [(None,)]:
            said.append("a table of the set before is left over")
    connection.close()
    return said


def _role(run: Any) -> bool:
    return bool(run("select 1 from pg_roles where rolname = 'bi_reader'"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Export, compare, exchange, kill; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m harness.exports", description="exports to a server")
    parser.add_argument("target", help="of profiles.yml")
    parser.add_argument("--all", action="store_true", help="every question")
    given = parser.parse_args(arguments)
    project = Path()
    target = find_target(project, given.target)
    catalogue, own = Catalogue.of(project, target), Catalogue.of(project)
    ours, theirs = SemanticLayer(project, target=EMBEDDED), SemanticLayer(project, target=given.target)
    asks, saved = chosen(own, ours, everything=given.all)
    said: list[str] = []

    def step(name: str, found: list[str], begun: float) -> None:
        said.extend(found)
        print(f"     {time.monotonic() - begun:6.1f} s  {name}", *found, sep="\n", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "community_metrics.duckdb"
        shutil.copy(project / warehouse_path(), file)
        begun = time.monotonic()
        export(file, own, SemanticLayer(project, warehouse=file), asks=asks, saved=saved)
        step("export, duckdb", [], begun)
        begun = time.monotonic()
        done = export_shared(target, theirs, theirs, catalogue, asks=asks, saved=saved)
        step(f"export, {target.name}: {sum(done.tables.values())} rows in {len(done.tables)} tables", [], begun)
        begun = time.monotonic()
        step("compare", compare(theirs, file), begun)
        if target.kind == "postgres" or given.all:
            begun = time.monotonic()
            step("publish", compare_published(target, theirs, ours, file), begun)
    begun = time.monotonic()
    step("exchange while read", exchange_while_read(target, theirs), begun)
    begun = time.monotonic()
    step("killed half way", killed(target, theirs), begun)
    if target.kind == "postgres":
        begun = time.monotonic()
        step("grants, views, other people's tables", kept(target, theirs), begun)
    print("\n".join(said) or f"exports to {target.name} equal duckdb's, and take their place whole")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
