"""The same figures on every engine: the catalogue, marts and analyses of a target against those of DuckDB.

Counts and money must be equal, other numbers to one part in 10^9, and a null only equals a null. Called by
``make test-postgres`` and ``make test-spark`` once both targets have been built of the same exports:

    python -m harness.engines postgres|spark [--what catalogue|marts|analyses] [--reduced]

What differs is printed, one line each, and the status is 1. Without ``--what`` catalogue and marts are compared. Marts
and analyses, which both targets have compiled, compare as multisets of rows. ``--reduced`` asks a third of the
questions: every metric by month, and of each fact one metric by month and the shared dimensions; the marts then compare
by how many rows and values they have.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from kpi.engines import EngineError, spark
from kpi.export.asks import ALL, OWN, SHARED, facts_of
from kpi.semantic import Answer, SemanticLayer
from kpi.targets import EMBEDDED, find_target

# The server of the leg generates no code, for a thousand small statements of a build; of a wide question it makes a
# quarter (5.4 s, again 1.0 s, in place of 25 and 18).
WIDE = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}
RELATIVE = 1e-9
TOGETHER = 12  # metrics in one question: Spark needs a second for any
MOST = 500  # differing rows of a table among which pairs are looked for
SHOWN = 3  # differing cells that are printed of one question, and rows of one table
# numbers that stand for a row, by the engine's own hash: they tell changed rows from unchanged ones, and say nothing
HASHES = frozenset({"row_hash"})
SIDES: list[SemanticLayer] = []  # of a process that compares: DuckDB's, and the target's
ENDED = contextlib.ExitStack()  # with that process
# what is compared, how its differences are found, and by which arguments behind the two sides
Comparison = tuple[Any, ...]
Question = tuple[tuple[str, ...], tuple[str, ...]]  # metrics and group-bys


def questions(layer: SemanticLayer, *, reduced: bool) -> Iterator[Question]:
    """The questions that are asked, metrics of one fact together.

    Every metric in total, by its finest grain, and by month and each shared dimension that it has, or by month alone;
    metrics that say nothing without a dimension of their own, by that. Reduced, every metric by month, and of each fact
    one by month and each shared dimension.
    """
    names = layer.metric_names()
    facts = {name: tuple(sorted(facts_of(name, layer.manifest))) for name in names}
    names.sort(key=lambda name: (facts[name], name))
    finest = {name: layer.finest_grain(name) for name in names}
    splits = {name: set(layer.dimensions(name)).intersection(SHARED) for name in names}
    yield from _together(() if reduced else names, ())
    for grain in ("day", "week", "month", "quarter", "year"):
        asked = [name for name in names if finest[name] == grain and (grain == "month" or not reduced)]
        if grain == "month":
            asked += [name for name in names if finest[name] in ("day", "week") and (reduced or not splits[name])]
        yield from _together(asked, (f"metric_time__{grain}",))
    chosen = list({facts[name]: name for name in names}.values()) if reduced else names
    for dimension in SHARED:
        yield from _together([name for name in chosen if dimension in splits[name]], ("metric_time__month", dimension))
    for name, dimensions in OWN.items():
        for dimension in dimensions:
            yield (name,), ("metric_time__month", dimension)


def _together(names: Sequence[str], group_by: tuple[str, ...]) -> Iterator[Question]:
    for start in range(0, len(names), TOGETHER):
        yield tuple(names[start : start + TOGETHER]), group_by


def compare_catalogue(ours: SemanticLayer, *, reduced: bool) -> Iterator[Comparison]:
    """Comparisons of the answers of two engines."""
    for metrics, group_by in questions(ours, reduced=reduced):
        yield (
            f"{len(metrics)} metrics from {metrics[0]} by {', '.join(group_by) or ALL}",
            _difference,
            metrics,
            group_by,
        )


def _difference(
    ours: SemanticLayer, theirs: SemanticLayer, metrics: tuple[str, ...], group_by: tuple[str, ...]
) -> list[str]:
    where = f"by {', '.join(group_by) or ALL}"
    expected = ours.query(metrics, group_by)
    try:
        found = theirs.query(metrics, group_by)
    except EngineError as error:
        if len(metrics) == 1:
            return [f"{metrics[0]} {where}: {error}"]
        return [line for name in metrics for line in _difference(ours, theirs, (name,), group_by)]
    said = []
    for metric in metrics:
        cells, others = expected.by_key(group_by, metric), found.by_key(group_by, metric)
        if len(expected.rows) != len(cells):
            said.append(f"{metric} {where}: several rows for one key")
        keys = [key for key in {**cells, **others} if not _is_same(cells, others, key)]
        for key in keys[:SHOWN]:
            pair = [repr(side[key]) if key in side else "no row" for side in (cells, others)]
            said.append(f"{metric} {where} at {key}: {pair[0]} but {pair[1]} ({len(keys)} of {len(cells)} cells)")
    return said


def _is_same(cells: dict[Any, Any], others: dict[Any, Any], key: Any) -> bool:
    return key in cells and key in others and is_equal(cells[key], others[key])


def is_equal(ours: Any, theirs: Any) -> bool:
    """Whether two values are the same: exactly, but for numbers with a binary fraction; a null only equals a null."""
    if ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, float) or isinstance(theirs, float):
        return math.isclose(float(ours), float(theirs), rel_tol=RELATIVE, abs_tol=RELATIVE)
    return ours == theirs


def compare_marts(ours: SemanticLayer, *, reduced: bool) -> Iterator[Comparison]:
    """Comparisons of the marts of two engines."""
    for table, columns in columns_of(ours, "marts").items():
        yield f"marts.{table}", _counted if reduced else rows_apart, table, columns


def columns_of(layer: SemanticLayer, place: str) -> dict[str, list[str]]:
    """The columns of each table of a schema of DuckDB's warehouse, hashes left out."""
    rows = layer.sql(
        f"select table_name, column_name from information_schema.columns where table_schema = '{place}' "
        "order by table_name, ordinal_position"
    ).rows
    found: dict[str, list[str]] = {}
    for table, column in rows:
        if column not in HASHES:
            found.setdefault(table, []).append(column)
    return found


def _selected(layer: SemanticLayer, what: str, table: str, place: str = "marts") -> str:
    return f"select {what} from {layer.places[place]}.{layer.quoted(table)}"


def rows_apart(
    ours: SemanticLayer, theirs: SemanticLayer, table: str, columns: Sequence[str], place: str = "marts"
) -> list[str]:
    """In which rows a table differs between two engines."""
    answers = [
        layer.sql(_selected(layer, ", ".join(map(layer.quoted, columns)), table, place)) for layer in (ours, theirs)
    ]
    return _answers_apart(f"{place}.{table}", columns, *answers)


def compare_analyses(target: str) -> Iterator[Comparison]:
    """Comparisons of the answers of analyses, as dbt compiled them for each engine."""
    ours, theirs = (
        find_target(Path(), name).folder / "compiled" / "community_metrics" / "analyses" for name in (EMBEDDED, target)
    )
    for file in sorted(Path("analyses").glob("*.sql")):
        yield str(file), _answered, ours / file.name, theirs / file.name


def _answered(ours: SemanticLayer, theirs: SemanticLayer, file: Path, other: Path) -> list[str]:
    answers = [layer.sql(_without_comments(sql)) for layer, sql in ((ours, file), (theirs, other))]
    return _answers_apart(f"analyses/{file.name}", answers[0].columns, *answers)


def _without_comments(sql: Path) -> str:
    lines = sql.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))  # their semicolons end no query


def _answers_apart(what: str, columns: Sequence[str], ours: Answer, theirs: Answer) -> list[str]:
    sides = [Counter(tuple(map(plain, row)) for row in answer.rows) for answer in (ours, theirs)]
    missing, more = _unpaired(sides[0] - sides[1], sides[1] - sides[0])
    if not missing and not more:
        return []
    said = [f"{what}: {missing.total()} rows only in DuckDB, {more.total()} only in the other"]
    for row in list(missing)[:SHOWN]:
        nearest = min(more, key=lambda other: _distance(row, other), default=None)
        apart = [
            f"{column} {a!r} but {b!r}" for column, a, b in zip(columns, row, nearest or (), strict=False) if a != b
        ]
        said.append(f"  {', '.join(apart) or row}")
    return said


def _unpaired(missing: Counter[Any], more: Counter[Any]) -> tuple[Counter[Any], Counter[Any]]:
    """The same without rows whose numbers only fell on two sides of a last digit; not looked for among many."""
    if max(missing.total(), more.total()) <= MOST:
        for row in list(missing.elements()):
            twin = next((other for other in more if all(map(is_equal, row, other))), None)
            if twin is not None:
                missing, more = missing - Counter([row]), more - Counter([twin])
    return missing, more


def _distance(row: tuple[Any, ...], other: tuple[Any, ...]) -> int:
    return sum(a != b for a, b in zip(row, other, strict=True))


def plain(value: Any) -> Any:
    """A value as it compares across engines: numbers by ten digits where they have a fraction, days as times."""
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return value.normalize() + 0 if value else Decimal(0)
    if isinstance(value, float):
        return float(f"{value:.9e}") if value else 0.0
    return value if isinstance(value, dt.datetime) else str(value)


def _counted(ours: SemanticLayer, theirs: SemanticLayer, table: str, columns: Sequence[str]) -> list[str]:
    counts = ", ".join(["count(*)", *(f"count({{{at}}})" for at in range(len(columns)))])
    sides = [
        layer.sql(_selected(layer, counts.format(*map(layer.quoted, columns)), table)).rows[0]
        for layer in (ours, theirs)
    ]
    names = ["rows", *columns]
    return [
        f"marts.{table}: {name}: {a} but {b}" for name, a, b in zip(names, sides[0], sides[1], strict=True) if a != b
    ]


def connect(target: str) -> None:
    """Both sides of the comparisons that the running process makes."""
    spark.SESSION.update(WIDE)
    for name in (EMBEDDED, target):
        layer = SemanticLayer(Path(), target=name)
        ENDED.enter_context(layer.connected())
        SIDES.append(layer)


def compare(comparison: Comparison) -> tuple[str, float, list[str]]:
    """What was compared, in how many seconds, and what differs."""
    what, differences, *of_what = comparison
    begun = time.monotonic()
    try:
        found = differences(*SIDES, *of_what)
    except EngineError as error:
        found = [f"{what}: {error}"]
    return what, time.monotonic() - begun, found


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m harness.engines", description="DuckDB against another target")
    parser.add_argument("target", help="of profiles.yml")
    parser.add_argument("--what", choices=("catalogue", "marts", "analyses"), help="the first two when omitted")
    parser.add_argument("--jobs", type=int, default=3, help="processes that ask, 3 when omitted")
    parser.add_argument("--reduced", action="store_true", help="fewer questions")
    given = parser.parse_args(arguments)
    ours = SemanticLayer(Path(), target=EMBEDDED)
    with ours.connected():
        comparisons = [
            *(compare_catalogue(ours, reduced=given.reduced) if given.what in (None, "catalogue") else ()),
            *(compare_marts(ours, reduced=given.reduced) if given.what in (None, "marts") else ()),
            *(compare_analyses(given.target) if given.what == "analyses" else ()),
        ]
    said: list[str] = []
    # both engines wait while a question is put into SQL, a second or two of one core
    with ProcessPoolExecutor(given.jobs, get_context("spawn"), connect, (given.target,)) as pool:
        for number, (what, seconds, found) in enumerate(pool.map(compare, comparisons), 1):
            print(f"{number:4} {seconds:6.1f} s  {what}", *found, sep="\n", file=sys.stderr, flush=True)
            said += found
    print("\n".join(said) or f"{given.target} equals duckdb: {given.what or 'catalogue, marts'}")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
