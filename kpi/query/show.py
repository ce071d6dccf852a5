"""Answers as tables for people and as CSV, JSON and Parquet for programs; what is not known stays empty."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from kpi.query.periods import Partial, told
from kpi.query.question import Shape

MARK = "*"
PERCENT = ("share", "rate")
Column = dict[str, Any]


def write_rows(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]], shape: Shape, partial: Partial) -> None:
    """Write an answer.

    Args:
        columns: as ``kpi.query.compiled.compile_question`` describes them.
        rows: values in their order.
        shape: how, and where to.
        partial: which figures are of parts of their periods; tables mark them.
    """
    if shape.form == "csv":
        write_text(as_csv(columns, rows, shape.lang), shape.out)
    elif shape.form == "json":
        write_text(as_json(columns, rows), shape.out)
    else:
        write_text(as_table(columns, rows, partial, shape.lang or "zh", to_screen=not shape.out), shape.out)


def as_csv(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]], lang: str | None) -> str:
    """Comma-separated values, raw; headed by names, or by labels where a language is asked for."""
    import csv
    import io

    from kpi.privacy.cells import safe_cell

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe_cell(column[lang or "name"]) for column in columns])
    writer.writerows([["" if value is None else safe_cell(_raw(value)) for value in row] for row in rows])
    return text.getvalue()


def as_json(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> str:
    """A list of objects by column name; money has the digits that the warehouse has, as a number."""
    import json

    names = [json.dumps(column["name"]) for column in columns]
    lines = [
        "{" + ", ".join(f"{name}: {_json(value)}" for name, value in zip(names, row, strict=True)) + "}" for row in rows
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def as_table(
    columns: Sequence[Column], rows: Sequence[tuple[Any, ...]], partial: Partial, lang: str, *, to_screen: bool
) -> str:
    """A table for people: labels, percents, thousands, codes in words; below it what its marks and blanks mean."""
    from rich.box import ROUNDED
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = None if to_screen and sys.stdout.isatty() else 10_000  # in a pipe nothing is cut
    console = Console(width=width, soft_wrap=True, highlight=False)
    table = Table(box=ROUNDED)
    for column in columns:
        table.add_column(Text(column[lang]), justify="right" if column["unit"] else "left", overflow="fold")
    marks = told(partial, columns, rows, MARK)
    for row in rows:
        cells = []
        for value, column in zip(row, columns, strict=True):
            is_marked = value is not None and column["unit"] and partial.of(column["name"], row)
            room = " " if marks and column["unit"] else ""
            cells.append(Text(shown(value, column, lang) + (MARK if is_marked else room)))
        table.add_row(*cells)
    blank = [c["name"] for at, c in enumerate(columns) if c["unit"] and any(row[at] is None for row in rows)]
    if blank:
        marks.append(f"空白 = 未知,不是 0 a blank is unknown, not zero: kpi metrics {blank[0]}")
    with console.capture() as captured:
        console.print(table)
    drawn = captured.get() if to_screen else Text.from_ansi(captured.get()).plain + "\n"
    return drawn + "".join(f"{line}\n" for line in marks)


def shown(value: Any, column: Column, lang: str) -> str:
    """One value for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}[lang][value]
    unit = column["unit"]
    if unit and isinstance(value, int | float | Decimal):
        return _figure(value, unit)
    if isinstance(value, dt.datetime | dt.date):
        return _period(_day(value), column["name"])
    pair = column["values"].get(str(value))
    return pair[lang == "en"] if pair else str(value)


def _figure(value: int | float | Decimal, unit: str) -> str:
    if unit in PERCENT:
        return f"{value * 100:.2f}%"
    if unit == "points":
        return f"{value * 100:.1f}"
    if unit == "yuan":
        return f"¥{value:,.2f}" if value >= 0 else f"-¥{-value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if unit == "count" and value == int(value) else f"{value:,.{2 if abs(value) >= 1 else 4}f}"


def _period(day: str, name: str) -> str:
    """A day as the period that begins with it."""
    if name.endswith("__quarter"):
        return f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"
    return day[: {"__month": 7, "__year": 4}.get(name[name.rfind("__") :], len(day))]


def _day(value: dt.datetime | dt.date) -> str:
    text = value.isoformat()
    return text.removesuffix("T00:00:00")


def _raw(value: Any) -> Any:
    return _day(value) if isinstance(value, dt.date) else str(value).lower() if isinstance(value, bool) else value


def _json(value: Any) -> str:
    import json

    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(_raw(value) if isinstance(value, dt.date) else value, ensure_ascii=False)


def write_text(text: str, out: str | None) -> None:
    """Write to standard output, or to a file that is replaced at once."""
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    _replace(Path(out), lambda draft: draft.write_text(text, encoding="utf-8"))


def write_parquet(table: Any, out: str) -> None:
    """Write a table of Arrow to a file that is replaced at once."""
    import pyarrow.parquet as pq

    _replace(Path(out), lambda draft: pq.write_table(table, draft))


def _replace(file: Path, write: Any) -> None:
    """Give a file its new content at once: whoever reads it finds the old or the new, never a half."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    try:
        write(draft)
        draft.replace(file)
    except OSError as error:  # about the file that was named, not about the draft
        raise type(error)(error.errno, error.strerror, str(file)) from error
    finally:
        draft.unlink(missing_ok=True)
