"""One question from its words to its answer on a screen or in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from kpi.engines import EngineError, MissingTableError, Reader, engine_of
from kpi.query import cache
from kpi.query.question import QueryError, Question, Shape, checked
from kpi.sql import literal
from kpi.targets import find_target

ABSENT = """
select metric, effect, export_title
from {quality}.absent_exports
where metric in ({asked})
order by metric, effect, export_title
"""


def answer(question: Question, shape: Shape, project: Path) -> int:
    """Answer a question; what is wrong with it is said in words, on standard error.

    Returns:
        The exit status: 0, or 2 without an answer.
    """
    try:
        shape = checked(question, shape)
        entry = entry_of(question, project)
        if shape.only_sql:
            from kpi.query.show import write_text

            write_text(entry["sql"].rstrip() + "\n", shape.out)
        else:
            _ask(entry, shape, project, question.target)
    except BrokenPipeError:  # whoever reads the answer has seen enough
        sys.stderr.close()
        return 0
    except MissingTableError as error:
        build = find_target(project, question.target)
        command = "make build" if build.is_embedded else build.dbt("build")
        print(f"error: 仓库不完整 {error}. 先运行 {command}; run `{command}` first.", file=sys.stderr)
        return 2
    except EngineError as error:
        print(f"error: the warehouse cannot answer 仓库无法回答: {error}", file=sys.stderr)
        return 2
    except (QueryError, OSError, RuntimeError) as error:  # WarehouseError is a RuntimeError
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def entry_of(question: Question, project: Path) -> dict[str, Any]:
    """The compiled question, from the cache or afresh; see ``kpi.query.compiled.compile_question``."""
    folder, needs = cache.cache_folder(), cache.depends_on(project, question.target)
    key = cache.key_of(question, needs)
    entry = cache.read_entry(folder, key)
    if entry is None:
        from kpi.query.compiled import compile_question

        entry = compile_question(question, project)
        if cache.depends_on(project, question.target) == needs:  # nobody has parsed the project meanwhile
            cache.write_entry(folder, key, entry)
    return entry


def _ask(entry: dict[str, Any], shape: Shape, project: Path, target: str | None) -> None:
    from kpi.query import show
    from kpi.query.periods import find_partial, told

    engine = engine_of(find_target(project, target), entry["database"], project=project)
    with engine.connected() as reader:
        why = _absent(reader, entry["metrics"], entry["places"])
        partial = find_partial(engine, reader, entry)
        if entry["checks"]:
            from kpi.query.values import check

            why += check(engine, reader, entry["checks"])
        names = [column["name"] for column in entry["columns"]]
        if shape.form == "parquet":
            table = reader.arrow(entry["sql"]).select(names)
        else:
            found, rows = reader.ask(entry["sql"])
            order = [found.index(name) for name in names]
            rows = [tuple(row[at] for at in order) for row in rows]
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


def _absent(reader: Reader, metrics: list[str], places: dict[str, str]) -> list[str]:
    """Which exports are missing for the metrics that are asked for, and what that does to them."""
    try:
        rows = reader.ask(ABSENT.format(**places, asked=", ".join(map(literal, metrics)))).rows
    except MissingTableError:  # a warehouse without the list
        return []
    said: dict[tuple[str, str], list[str]] = {}
    for metric, effect, export in rows:
        said.setdefault((metric, effect), []).append(export)
    words = {"unknown": "空白:缺少 blank, not loaded", "changed": "口径受影响:缺少 computed without"}
    return [f"{metric}: {words.get(effect, effect)}: {', '.join(names)}" for (metric, effect), names in said.items()]
