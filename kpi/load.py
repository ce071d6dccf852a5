"""``kpi load``: what is landed, copied into PostgreSQL, whose server reads no files of ours.

Every export has a table in schema ``landing``, text columns and the part that a row came from; ``landing.parts`` says
which parts are there. Parts are immutable: new ones are copied, rows of those that are no longer live go (replaced,
erased, expired), all in one transaction. A build waits for a load that is under way, and a load for a model that reads.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pyarrow as pa

    from kpi.targets import Target

BATCH = 50_000  # rows that are held at a time
AGAIN = "The directory was made anew: kpi load --replace, then dbt build --full-refresh."
ACKNOWLEDGED = "acknowledged_quarantine"  # comes the same way and is no export
PART = "landed_part"


def load_command(
    landing: Annotated[
        str, typer.Option(help="Landing directory 落地目录.", envvar="COMMUNITY_METRICS_EXPORTS", show_default=False)
    ],
    target: Annotated[
        str | None,
        typer.Option(help="Target of profiles.yml 目标引擎 (default COMMUNITY_METRICS_TARGET)."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it, all anew, in place of what is loaded 全部换成此目录.")
    ] = False,
) -> None:
    """Copy landed exports into PostgreSQL, before dbt builds there 把落地数据复制到 PostgreSQL."""
    from kpi.privacy.commands import said_plainly
    from kpi.targets import find_target

    with said_plainly():
        done = load(landing, find_target(name=target), replace=replace, tell=typer.echo)
    for export in sorted(done.copied.keys() | done.removed.keys()):
        copied, removed = done.copied.get(export, 0), done.removed.get(export, 0)
        typer.echo(f"{export}: +{copied:,} 行 rows" + (f", -{removed:,}" if removed else ""))
    typer.echo(
        f"{landing}: 已载入 loaded {done.parts:,} 个分片 parts of {done.exports} 类导出 exports"
        + ("" if done.copied or done.removed else "(无变化 nothing new)")
    )


@dataclass(frozen=True)
class Source:
    """A file with rows of an export.

    Attributes:
        export: whose rows.
        part: what ``landed_part`` says of them, as DuckDB does: the path; for a file put by hand size and time too.
        file: where it lies.
        rows: how many the manifest says it has; None for a file put by hand.
    """

    export: str
    part: str
    file: Path
    rows: int | None = None


@dataclass
class Loaded:
    """What a load did.

    Attributes:
        copied: rows by export.
        removed: rows by export.
        parts: that are live now.
        exports: that they are of.
    """

    copied: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    exports: int = 0


def sources(landing: str, exports: Iterable[str]) -> list[Source]:
    """The files that a build on DuckDB would read: parts of the manifest, and what was put there by hand.

    Args:
        landing: the directory as it was named; parts are called by that name.
        exports: all names that there are.

    Raises:
        LandingError: when it holds nothing, or what no landing directory holds.
    """
    from kpi.ingest.guard import refuse_strange
    from kpi.ingest.landing import Landing
    from kpi.ingest.manifest import MANIFEST, LandingError

    given = landing.rstrip("/")
    directory = Path(given)
    if not directory.is_dir():
        raise LandingError(f"{landing}: 没有此目录 no such directory. Land exports first: kpi ingest.")
    has_manifest = (directory / MANIFEST).exists()
    if has_manifest:
        refuse_strange(directory, set(exports))
    else:
        _refuse_unknown(directory, {*exports, ACKNOWLEDGED})
    found = [
        Source(part.export, f"{given}/{part.path}", directory / part.path, part.rows)
        for part in Landing.open(directory).parts()
    ]
    for export in (*exports, ACKNOWLEDGED):
        by_hand = [directory / f"{export}.parquet", directory / f"{export}.csv"]
        if not has_manifest:
            by_hand[1:1] = sorted((directory / export).rglob("*.parquet"))
        files = [file for file in by_hand if file.is_file()]
        if files and files[0].parent == directory:
            files = files[:1]  # as macros/export.sql: one file before a folder before a CSV
        elif files:
            files = [file for file in files if file.parent != directory]
        for file in files:
            state = file.stat()
            found.append(Source(export, f"{file}@{state.st_size}@{state.st_mtime_ns}", file))
    if not found and not has_manifest:  # of a manifest all parts may be gone: erased, expired
        raise LandingError(f"{landing}: 没有导出 no exports found. Land some first: kpi ingest.")
    return found


def _refuse_unknown(directory: Path, known: set[str]) -> None:
    from kpi.ingest.manifest import LandingError

    for path in sorted(directory.iterdir()):
        is_ours = path.suffix in (".csv", ".parquet") if path.is_file() else any(path.rglob("*.parquet"))
        if is_ours and path.name.split(".")[0] not in known:
            raise LandingError(
                f"{path}: 不是导出名 the name is no export. Rename or remove it; the exports are: "
                + ", ".join(sorted(known))
            )


def load(landing: str, target: Target, *, replace: bool = False, tell: Callable[[str], None] = print) -> Loaded:
    """Make the tables of schema ``landing`` a copy of a landing directory, all or nothing.

    Args:
        landing: the directory; a build has to name it alike.
        target: a PostgreSQL.
        replace: take the place of another directory that was loaded before.
        tell: told that another load is waited for.

    Raises:
        LandingError: when something is wrong with the directory or a file of it.
        TargetError: when the target is none of PostgreSQL's.
        WarehouseError: when the server cannot be reached or refuses.
    """
    from kpi.contracts import load_contracts
    from kpi.engines.postgres import PostgreSql
    from kpi.ingest.landing import Landing
    from kpi.targets import TargetError

    if target.kind != "postgres":
        raise TargetError(
            f"{target.name}: 无需载入 nothing to load: this target reads landed files where they lie; "
            f"COMMUNITY_METRICS_EXPORTS={landing} dbt build"
        )
    contracts = load_contracts()
    found = sources(landing, contracts)
    columns = {name: contract.column_names for name, contract in contracts.items()}
    with closing(PostgreSql(target).connect()) as connection, connection, connection.cursor() as cursor:
        prefix = target.settings.get("schema", "main")
        store = _Store(cursor, "landing" if prefix == "main" else f"{prefix}_landing")
        store.hold(tell)
        store.take_over(landing.rstrip("/"), Landing.open(Path(landing)).manifest.secret or "", replace=replace)
        done = Loaded(parts=len(found), exports=len({source.export for source in found}))
        for export in sorted({source.export for source in found} | store.exports()):
            theirs = [source for source in found if source.export == export]
            _copy_export(store, export, theirs, columns.get(export), done)
        return done


def _copy_export(
    store: _Store, export: str, theirs: list[Source], contract: tuple[str, ...] | None, done: Loaded
) -> None:
    from kpi.ingest.manifest import LandingError
    from kpi.ingest.parts import LINEAGE

    schemas = {source.part: _columns(source.file) for source in theirs}
    there = list(dict.fromkeys(column for columns in schemas.values() for column in columns))
    wanted = there if contract is None else [*contract, *LINEAGE]
    if theirs and (missing := [column for column in wanted if column not in there]):
        raise LandingError(
            f"{theirs[0].file}: 缺少列 row 1 (header) has no column {', '.join(missing)}. Found: {', '.join(there)}. "
            "Export the file again with all columns, or rename the header to match."
        )
    held = store.held(export, wanted) if theirs else store.held(export)
    gone = held.keys() - {source.part for source in theirs}
    if gone:
        done.removed[export] = store.remove(export, sorted(gone))
    for source in theirs:
        if source.part in held:
            if source.rows not in (None, held[source.part]):
                raise LandingError(
                    f"{source.file}: {source.rows:,} 行,已载入 rows, and of the same name {held[source.part]:,} "
                    f"were loaded. {AGAIN}"
                )
            continue
        rows = sum(store.copy(source, batch) for batch in _batches(source, wanted, schemas[source.part]))
        if source.rows not in (None, rows):
            raise LandingError(
                f"{source.file}: {rows:,} 行,清单为 rows, in the manifest {source.rows:,}. Is it being copied?"
            )
        store.note(source, rows)
        done.copied[export] = done.copied.get(export, 0) + rows
    if gone or export in done.copied:
        store.settle(export)


class _Store:
    """The tables of schema ``landing``, in one open transaction."""

    def __init__(self, cursor: Any, schema: str) -> None:
        self.cursor = cursor
        self.schema = schema

    def table(self, name: str) -> str:
        """A table in SQL."""
        from kpi.sql import quoted

        return f"{quoted(self.schema)}.{quoted(name)}"

    def asked(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a statement that has some."""
        self.cursor.execute(sql, values)
        return self.cursor.fetchall()

    def hold(self, tell: Callable[[str], None]) -> None:
        """Wait for other loads, and make what is not there."""
        lock = f"hashtextextended('kpi load {self.schema}', 0)"
        if not self.asked(f"select pg_try_advisory_xact_lock({lock})")[0][0]:
            tell("等待另一个 kpi load waiting for another one")
            self.cursor.execute(f"select pg_advisory_xact_lock({lock})")
        from kpi.sql import quoted

        self.cursor.execute(
            f"create schema if not exists {quoted(self.schema)}; "
            f"create table if not exists {self.table('directory')} (path text not null, secret text not null); "
            f"create table if not exists {self.table('parts')} (export text, part text, rows bigint not null, "
            "loaded_at timestamptz not null default now(), primary key (export, part))"
        )
        self.cursor.execute(f"lock table {self.table('parts')} in row exclusive mode")  # models that read end first

    def take_over(self, directory: str, secret: str, *, replace: bool) -> None:
        """Say whose copy this is from now on."""
        from kpi.ingest.manifest import LandingError

        loaded = self.asked(f"select path, secret from {self.table('directory')}")
        if replace:
            for export in self.exports():
                self.cursor.execute(f"drop table {self.table(export)}")
            self.cursor.execute(f"delete from {self.table('parts')}")
        elif loaded and loaded[0] == (directory, secret):
            pass
        elif loaded and loaded[0][0] == directory:
            raise LandingError(f"{directory}: 密钥已换 its keys are of another secret than those loaded. {AGAIN}")
        elif loaded:
            raise LandingError(
                f"{directory}: 已载入另一目录 another directory is loaded: {loaded[0][0]}. Name that one, or put "
                "this one in its place: --replace"
            )
        self.cursor.execute(f"delete from {self.table('directory')}")
        self.cursor.execute(f"insert into {self.table('directory')} values (%s, %s)", [directory, secret])

    def exports(self) -> set[str]:
        """Those of which something is loaded."""
        return {export for (export,) in self.asked(f"select distinct export from {self.table('parts')}")}

    def held(self, export: str, columns: list[str] | None = None) -> dict[str, int]:
        """Rows by part. A table with other columns than these is made anew, and holds none."""
        from kpi.sql import quoted

        if columns is not None:
            found = [
                name
                for (name,) in self.asked(
                    "select column_name from information_schema.columns where table_schema = %s and table_name = %s "
                    "order by ordinal_position",
                    self.schema,
                    export,
                )
            ]
            if found != [*columns, PART]:
                text = ", ".join(f"{quoted(column)} text" for column in [*columns, PART])
                self.cursor.execute(
                    f"drop table if exists {self.table(export)}; create table {self.table(export)} ({text}); "
                    f"create index on {self.table(export)} ({PART})"
                )
                self.cursor.execute(f"delete from {self.table('parts')} where export = %s", [export])
        return dict(self.asked(f"select part, rows from {self.table('parts')} where export = %s", export))

    def remove(self, export: str, parts: list[str]) -> int:
        """Take the rows of parts away; returns how many."""
        self.cursor.execute(f"delete from {self.table(export)} where {PART} = any(%s)", [parts])
        rows = self.cursor.rowcount
        self.cursor.execute(f"delete from {self.table('parts')} where export = %s and part = any(%s)", [export, parts])
        return rows

    def copy(self, source: Source, batch: pa.RecordBatch) -> int:
        """Add rows; returns how many."""
        import psycopg2
        import pyarrow as pa
        import pyarrow.csv as pc

        from kpi.ingest.manifest import LandingError

        text = io.BytesIO()
        rows = pa.table(batch).append_column(PART, pa.array([source.part] * batch.num_rows, pa.string()))
        # only what is there is quoted: to COPY an empty text is one with quotes, and without it is null
        pc.write_csv(rows, text, pc.WriteOptions(include_header=False, quoting_style="all_valid"))
        text.seek(0)
        try:
            self.cursor.copy_expert(f"copy {self.table(source.export)} from stdin with (format csv)", text)
        except psycopg2.DataError as error:
            raise LandingError(f"{source.file}: {str(error).strip().splitlines()[0]}") from error
        return int(self.cursor.rowcount)

    def note(self, source: Source, rows: int) -> None:
        """A part is there."""
        self.cursor.execute(
            f"insert into {self.table('parts')} (export, part, rows) values (%s, %s, %s)",
            [source.export, source.part, rows],
        )

    def settle(self, export: str) -> None:
        """Have the planner know how large a table is now."""
        self.cursor.execute(f"analyze {self.table(export)}")


def _reader(file: Path) -> str:
    from kpi.sql import literal

    if file.suffix == ".parquet":
        return f"read_parquet({literal(file)}, hive_partitioning = false)"
    options = "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true"
    return f"read_csv({literal(file)}, {options})"


@contextmanager
def _said_of(file: Path) -> Iterator[None]:
    import duckdb

    from kpi.ingest.manifest import LandingError

    try:
        yield
    except duckdb.Error as error:
        raise LandingError(f"{file}: 无法读取 cannot be read: {str(error).strip().splitlines()[0]}") from error


def _columns(file: Path) -> list[str]:
    import duckdb

    with _said_of(file):
        return duckdb.connect().sql(f"from {_reader(file)}").columns


def _batches(source: Source, wanted: list[str], there: list[str]) -> Iterator[pa.RecordBatch]:
    import duckdb

    from kpi.engines import TIME_ZONE
    from kpi.sql import quoted

    cells = (f"cast({quoted(name) if name in there else 'null'} as varchar) as {quoted(name)}" for name in wanted)
    with _said_of(source.file):
        db = duckdb.connect()
        db.execute(f"set TimeZone = '{TIME_ZONE}'")  # as the warehouse, which spells typed times so
        rows = db.sql(f"select {', '.join(cells)} from {_reader(source.file)}")
        yield from rows.to_arrow_reader(BATCH)
