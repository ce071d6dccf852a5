"""``kpi publish``: the file that BI tools read, replaced at once.

In it are one table for each saved query in ``metrics``, and of ``reference``, ``marts`` and ``quality`` the tables that
are shown to tell about nobody (``kpi.publish_choice``); the rest comes when it is asked for.

**What is withheld.** Every metric is traced to the sums and counts that it is made of. Behind each of those stand

1. the distinct persons of its fact who contribute something other than zero to the cell, if the fact knows persons;
2. else the distinct members of the cell at any time of its period (``POPULATION``), if it can be split like that, but
   no more than the figure itself where it is a whole number: three leaves are of three persons at most;
3. else as many as the figure says, if it is a whole number and the members cannot be split like that;
4. else nobody: figures of advertisements, costs and targets.

A figure with 1 to k-1 persons behind any of its inputs is withheld, and so is what would give it away in its table
(``kpi.privacy.disclosure``); a ratio is withheld when an input is. Periods are not added up, nor is an attribute of a
dimension beside it (the type of a community): no table here has totals by them. Column ``withheld`` names what is
withheld in a row and why; other empty cells are unknown.

The file is written beside, in a storage version that older clients open, and put into place by one rename: a reader
with the old file open goes on reading it, and a run that is killed leaves it as it was.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from filelock import FileLock, Timeout

from kpi.ingest.manifest import sync
from kpi.privacy.disclosure import FEW, K, withhold
from kpi.publish_choice import CELLS, FACTS, PERSONS, columns_with_keys, person_entities, quoted, reason_of
from kpi.publish_choice import text as _text

if TYPE_CHECKING:
    from kpi.semantic import Answer, SemanticLayer

SCHEMAS = ("marts", "reference", "quality")
STORAGE = "v1.5.0"  # what DuckDB clients of the 1.5 line open, see docs/decisions/0053
POPULATION = "period_members"
_CONTRIBUTES = {"count": "({0}) is not null", "count_distinct": "({0}) is not null"}


class PublishError(Exception):
    """What keeps a file from being published, and what to do."""


@dataclass
class Published:
    """What a publication holds.

    Attributes:
        tables: rows by table, ``schema.name``.
        left_out: tables that were left out, with the reason: ``persons``, ``cells``, ``facts``.
        without: columns with keys that were left out, by table.
        withheld: withheld figures by table of ``metrics``.
    """

    tables: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    without: dict[str, list[str]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)


def reached(point: str) -> None:
    """Called before each step that a crash could tear apart; tests replace it to die there."""


def publish(
    warehouse: Path,
    file: Path,
    manifest: dict[str, Any],
    ask: Callable[[], SemanticLayer] | None,
    *,
    nodes: dict[str, Any] | None = None,
    k: int = K,
    with_facts: bool = False,
    with_persons: bool = False,
) -> Published:
    """Write the file that BI tools read.

    Args:
        warehouse: the built warehouse; closed again before ``ask`` is called.
        file: where to publish.
        manifest: content of ``target/semantic_manifest.json``.
        ask: starts the semantic layer; None leaves the metrics out.
        nodes: ``nodes`` of ``target/manifest.json``; without them no dimension is published.
        k: fewest persons behind a figure.
        with_facts: publish facts too that hold no key of a person.
        with_persons: publish everything.

    Raises:
        PublishError: when the warehouse cannot be read or the file not be written.
    """
    if not warehouse.exists():
        raise PublishError(f"{warehouse}: no warehouse. Run `make build` (or `dbt build`) first.")
    if file.exists() and file.samefile(warehouse):
        raise PublishError(f"{file}: that is the warehouse itself. Publish to another file.")
    if file.is_dir():
        raise PublishError(f"{file}: a directory. Name the file in it, e.g. {file / 'bi.duckdb'}.")
    draft = file.with_name(f".{file.name}.draft")
    lock = FileLock(file.with_name(f".{file.name}.lock"))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=0):
            _remove(draft)  # of a run that was killed
            done = Published()
            wanted = {PERSONS, CELLS, FACTS} if with_persons else {FACTS} if with_facts else set()
            try:
                _copy_tables(warehouse, draft, person_entities(manifest), nodes or {}, done, wanted)
                if ask is not None:
                    _ask_metrics(draft, ask, manifest, done, k)
                reached("replace")
                if file.exists():
                    shutil.copymode(file, draft)  # who may read it has been decided
                sync(draft)
                draft.replace(file)
            finally:
                _remove(draft)  # while the lock is held: without it the draft is another run's
            return done
    except Timeout:
        raise PublishError(f"{file}: another kpi publish is writing it. Run again when it has ended.") from None
    except OSError as error:
        raise PublishError(f"{file}: cannot be written ({error.strerror}). Publish to another place.") from error
    except duckdb.Error as error:
        raise PublishError(f"{file}: cannot be published ({error}). Is a build at work? Run again then.") from error


def _remove(draft: Path) -> None:
    for path in (draft, draft.with_name(f"{draft.name}.wal")):
        path.unlink(missing_ok=True)


def _copy_tables(
    warehouse: Path,
    draft: Path,
    entities: dict[str, dict[str, str]],
    nodes: dict[str, Any],
    done: Published,
    wanted: set[str],
) -> None:
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'Asia/Shanghai'")
        db.execute(f"attach {_text(warehouse)} as built (read_only)")
        db.execute(f"attach {_text(draft)} as draft (storage_version '{STORAGE}')")
        tables = db.execute(
            "select table_schema, table_name, list(column_name order by ordinal_position) "
            "from information_schema.columns where table_catalog = 'built' and list_contains($1, table_schema) "
            "group by all order by all",
            [list(SCHEMAS)],
        ).fetchall()
        found = {(schema, name): columns_with_keys(db, schema, name) for schema, name, _ in tables}
        persons = {entities.get(name, {}).get(column) for (_, name), columns in found.items() for column in columns} - {
            None
        }
        for schema, name, columns in tables:
            personal = [
                c for c in columns if c in found[schema, name] or entities.get(name, {}).get(c) in persons
            ]  # fmt: skip
            reason = reason_of(db, schema, name, columns, personal, nodes)
            if reason is not None and reason not in wanted:
                done.left_out[f"{schema}.{name}"] = reason
                continue
            _copy(db, schema, name, columns, [] if PERSONS in wanted else personal, done)


def _copy(
    db: duckdb.DuckDBPyConnection, schema: str, name: str, columns: list[str], personal: list[str], done: Published
) -> None:
    source, table = f"built.{quoted(schema)}.{quoted(name)}", f"{schema}.{name}"
    if personal:
        done.without[table] = personal
    kept = ", ".join(quoted(column) for column in columns if column not in personal)
    db.execute(f"create schema if not exists draft.{quoted(schema)}")
    reached("table")
    db.execute(f"create table draft.{quoted(schema)}.{quoted(name)} as select {kept} from {source}")
    done.tables[table] = db.execute(f"select count(*) from draft.{quoted(schema)}.{quoted(name)}").fetchone()[0]


# --- metrics -------------------------------------------------------------------------------------------


def inputs(name: str, metrics: dict[str, dict[str, Any]]) -> set[str]:
    """The simple metrics that a metric is made of, itself if it is one."""
    params = metrics[name]["type_params"]
    parts = [part["name"] for part in (params["numerator"], params["denominator"], *params["metrics"]) if part]
    return {leaf for part in parts for leaf in inputs(part, metrics)} or {name}


def persons_of(
    name: str, metrics: dict[str, dict[str, Any]], models: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    """A metric that counts the persons who contribute to a simple metric; None where its fact knows none."""
    metric = json.loads(json.dumps(metrics[name]))
    how = metric["type_params"]["metric_aggregation_params"]
    entities = {
        entity["name"]: entity["expr"] or entity["name"] for entity in models[how["semantic_model"]]["entities"]
    }
    person = entities.get("member") or entities.get("staff")
    if person is None:
        return None
    figure = metric["type_params"]["expr"] or name
    condition = _CONTRIBUTES.get(how["agg"], "coalesce(cast(({0}) as double), 0) <> 0").format(figure)
    metric["type_params"]["expr"] = f"case when {condition} then {person} end"
    how["agg"] = "count_distinct"
    metric["name"] = f"persons_of_{name}"
    return metric


def _ask_metrics(
    draft: Path, ask: Callable[[], SemanticLayer], manifest: dict[str, Any], done: Published, k: int
) -> None:
    try:
        _add_metrics(draft, ask(), manifest, done, k)
    except Exception as error:  # the engine's own errors are of many kinds
        raise PublishError(f"the metrics cannot be asked ({error}). Run dbt build, then publish again.") from error


def _add_metrics(draft: Path, layer: SemanticLayer, manifest: dict[str, Any], done: Published, k: int) -> None:
    metrics = {metric["name"]: metric for metric in manifest["metrics"]}
    models = {model["name"]: model for model in manifest["semantic_models"]}
    added = {leaf: made for leaf in metrics if not inputs(leaf, metrics) - {leaf}
             and (made := persons_of(leaf, metrics, models))}  # fmt: skip
    counting = layer.defined_by({**manifest, "metrics": [*manifest["metrics"], *added.values()]})
    for query in layer.saved_query_names():
        answer = layer.saved_query(query)
        names = [column for column in answer.columns if column in metrics]
        keys = [column for column in answer.columns if column not in metrics]
        behind = {name: inputs(name, metrics) for name in names}
        counts = _persons(counting, keys, sorted(set().union(*behind.values())), added)
        rows = protect(answer, keys, behind, counts, k)
        done.withheld[f"metrics.{query}"] = sum(row["withheld"].count(":") for row in rows if row["withheld"])
        done.tables[f"metrics.{query}"] = len(rows)
        reached("metrics")
        _write(draft, query, rows, [*answer.columns, "withheld"])


def _persons(
    counting: SemanticLayer, keys: list[str], leaves: list[str], added: dict[str, dict[str, Any]]
) -> dict[str, dict[tuple, int]]:
    """By simple metric and cell, the number of persons; a metric about nobody is missing."""
    known = [leaf for leaf in leaves if leaf in added]
    counts = {}
    if known:
        asked = counting.query([added[leaf]["name"] for leaf in known], keys)
        counts = {leaf: asked.by_key(keys, added[leaf]["name"]) for leaf in known}
    if rest := [leaf for leaf in leaves if leaf not in added]:
        try:
            population = counting.query([POPULATION], keys).by_key(keys, POPULATION)
        except Exception:  # the engine's own errors: it cannot be split like that
            population = None
        figures = counting.query(rest, keys)
        for leaf in rest:
            known_figures = figures.by_key(keys, leaf)
            if population is None:  # nobody knows whom it counts: a whole number is of so many at most
                counts[leaf] = {cell: n for cell, n in known_figures.items() if isinstance(n, int) and n > 0}
                continue
            counts[leaf] = {cell: _at_most(n, known_figures.get(cell)) for cell, n in population.items() if n}
    return counts


def _at_most(persons: int, figure: Any) -> int:
    """Persons behind a figure of a cell with so many persons; money, shares and balances may be anybody's."""
    return min(persons, figure) if isinstance(figure, int) and figure >= 0 else persons


def protect(
    answer: Answer, keys: Sequence[str], behind: dict[str, Iterable[str]], counts: dict[str, dict[tuple, int]], k: int
) -> list[dict[str, Any]]:
    """The rows of an answer, with what is withheld taken out.

    Args:
        answer: a query's answer.
        keys: its group-bys; those of ``metric_time`` are periods, over which nothing is added up.
        behind: the simple metrics that each of its metrics is made of.
        counts: by simple metric and cell, the number of persons.
        k: fewest persons behind a figure.
    """
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    cells = [tuple(row[key] for key in keys) for row in rows]
    apart = [key for key in keys if key.startswith("metric_time")]
    across = _independent(rows, [key for key in keys if key not in apart])
    why: dict[str, dict[tuple, str]] = {}
    for leaf, known in counts.items():
        table = [{**dict(zip(keys, cell, strict=True)), "persons": int(known.get(cell) or 0)} for cell in cells]
        hidden = withhold(table, across, [], apart=apart, k=k)
        why[leaf] = {cell: row["withheld"] for cell, row in zip(cells, hidden.rows, strict=True) if row["withheld"]}
    for cell, row in zip(cells, rows, strict=True):
        said = []
        for name, leaves in behind.items():
            found = {why[leaf][cell] for leaf in leaves if cell in why.get(leaf, {})}
            if found and row[name] is not None:
                row[name] = None
                said.append(f"{name}: {FEW if FEW in found else found.pop()}")
        row["withheld"] = "; ".join(said) or None
    return rows


def _independent(rows: list[dict[str, Any]], dimensions: list[str]) -> list[str]:
    """Dimensions less those that another one tells, such as the type of a community: no table has totals by them."""
    left = list(dimensions)
    for name in dimensions:
        for other in left:
            pairs = {(row[other], row[name]) for row in rows}
            if other != name and len(pairs) == len({value for value, _ in pairs}):
                left.remove(name)
                break
    return left


def _write(draft: Path, query: str, rows: list[dict[str, Any]], columns: list[str]) -> None:
    import pyarrow as pa

    answer = pa.table({column: pa.array([row[column] for row in rows]) for column in columns})
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'Asia/Shanghai'")
        db.execute(f"attach {_text(draft)} as draft (storage_version '{STORAGE}')")
        db.execute("create schema if not exists draft.metrics")
        db.register("answer", answer)
        # a column that is unknown in every row has no type of its own; a figure is a number
        typed = ", ".join(
            f"{quoted(c)}::{'varchar' if c == 'withheld' else 'double'} as {quoted(c)}"
            if answer[c].type == pa.null() else quoted(c)
            for c in columns
        )  # fmt: skip
        db.execute(f"create table draft.metrics.{quoted(query)} as select {typed} from answer")
