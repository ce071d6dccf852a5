"""One question from its words to its answer on a screen or in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from kpi.query import cache
from kpi.query.question import QueryError, Question, Shape, checked

ABSENT = "select metric, effect, export_title from quality.absent_exports where list_contains($1, metric) order by all"


def answer(question: Question, shape: Shape, project: Path) -> int:
    """Answer a question; what is wrong with it is said in words, on standard error.

    Returns:
        The exit status: 0, or 2 without an answer.
    """
    import duckdb

    try:
        shape = checked(question, shape)
        entry = entry_of(question, project)
        if shape.only_sql:
            from kpi.query.show import write_text

            write_text(entry["sql"].rstrip() + "\n", shape.out)
        else:
            _ask(entry, shape, project)
    except BrokenPipeError:  # whoever reads the answer has seen enough
        sys.stderr.close()
        return 0
    except (QueryError, OSError, RuntimeError) as error:  # WarehouseError is a RuntimeError
        print(f"error: {error}", file=sys.stderr)
        return 2
    except duckdb.CatalogException as error:
        print(f"error: 仓库不完整 {_first_line(error)}. 先运行 make build; run `make build` first.", file=sys.stderr)
        return 2
    except duckdb.Error as error:
        print(f"error: the warehouse cannot answer 仓库无法回答: {_first_line(error)}", file=sys.stderr)
        return 2
    return 0


def entry_of(question: Question, project: Path) -> dict[str, Any]:
    """The compiled question, from the cache or afresh; see ``kpi.query.compiled.compile_question``."""
    folder, needs = cache.cache_folder(), cache.depends_on(project)
    key = cache.key_of(question, needs)
    entry = cache.read_entry(folder, key)
    if entry is None:
        from kpi.query.compiled import compile_question

        entry = compile_question(question, project)
        if cache.depends_on(project) == needs:  # nobody has parsed the project meanwhile
            cache.write_entry(folder, key, entry)
    return entry


def _ask(entry: dict[str, Any], shape: Shape, project: Path) -> None:
    from kpi.engines import DuckDb
    from kpi.query import show
    from kpi.query.periods import find_partial, told
    from kpi.warehouse import warehouse_path

    engine = DuckDb(warehouse_path(project), entry["database"])
    with engine.connected() as connection:
        sql = engine.one_query(connection, entry["sql"])
        why = _absent(connection, entry["metrics"])
        partial = find_partial(connection, entry)
        if entry["checks"]:
            from kpi.query.values import check

            why += check(connection, entry["checks"])
        names = [column["name"] for column in entry["columns"]]
        if shape.form == "parquet":
            table = connection.sql(sql).to_arrow_table().select(names)
        else:
            cursor = connection.execute(sql)
            found = [column[0] for column in cursor.description]
            order = [found.index(name) for name in names]
            rows = [tuple(row[at] for at in order) for row in cursor.fetchall()]
    # written when nobody waits for the warehouse any more
    if shape.form == "parquet":
        show.write_parquet(table, shape.out)
        rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True)) if partial.days else []
    else:
        show.write_rows(entry["columns"], rows, shape, partial)
    if shape.form != "table":  # which has marks and says what they mean
        why += told(partial, entry["columns"], rows)
    for note in [*entry["notes"], *why]:
        print(note, file=sys.stderr)


def _absent(connection: Any, metrics: list[str]) -> list[str]:
    """Which exports are missing for the metrics that are asked for, and what that does to them."""
    import duckdb

    try:
        rows = connection.execute(ABSENT, [metrics]).fetchall()
    except duckdb.CatalogException:  # a warehouse without the list
        return []
    said: dict[tuple[str, str], list[str]] = {}
    for metric, effect, export in rows:
        said.setdefault((metric, effect), []).append(export)
    words = {"unknown": "空白:缺少 blank, not loaded", "changed": "口径受影响:缺少 computed without"}
    return [f"{metric}: {words.get(effect, effect)}: {', '.join(names)}" for (metric, effect), names in said.items()]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
