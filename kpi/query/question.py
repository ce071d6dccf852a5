"""What somebody asks, as typed, and how the answer is to be shown."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

GRAINS = ("day", "week", "month", "quarter", "year")
FORMATS = ("table", "csv", "json", "parquet")
LANGUAGES = ("zh", "en")
SUFFIXES = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
TEXTS = ("", ".txt", ".md")


class QueryError(ValueError):
    """A question that cannot be answered; the message says why and what can be."""


class Question(NamedTuple):
    """What is asked, in the words of whoever asks.

    Attributes:
        metrics: ids or labels.
        by: names or labels of dimensions.
        grain: one of ``GRAINS``.
        start: first day that counts, ``YYYY-MM-DD``.
        end: last day that counts.
        where: filters, all of which hold.
        order: columns of the answer, descending with ``-`` in front; the group-bys when there is none.
        limit: rows at most.
        target: of profiles.yml; that of the environment when not given.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: str | None = None
    start: str | None = None
    end: str | None = None
    where: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    limit: int | None = None
    target: str | None = None


class Shape(NamedTuple):
    """How the answer is to be shown.

    Attributes:
        form: one of ``FORMATS``; not given, it is that of the file's suffix, or a table.
        lang: one of ``LANGUAGES``; not given, tables are Chinese and files have names instead of labels.
        only_sql: show the SQL and do not run it.
        out: file to write; standard output when not given.
    """

    form: str | None = None
    lang: str | None = None
    only_sql: bool = False
    out: str | None = None


def split(values: list[str]) -> tuple[str, ...]:
    """Names given one by one or with commas between them."""
    names = (name.strip() for value in values for name in value.replace("，", ",").replace("、", ",").split(","))
    return tuple(filter(None, names))


def checked(question: Question, shape: Shape) -> Shape:
    """Refuse what no compiler is needed to refuse.

    Returns:
        The shape, with its format.

    Raises:
        QueryError: with what is possible.
    """
    if not question.metrics:
        raise QueryError("Name a metric 请给出指标, e.g. kpi query members --grain month; kpi metrics lists them.")
    for option, value, possible in (
        ("--grain", question.grain, GRAINS),
        ("--format", shape.form, FORMATS),
        ("--lang", shape.lang, LANGUAGES),
    ):
        if value is not None and value not in possible:
            raise QueryError(f"{option} {value}: 可选 one of {', '.join(possible)}")
    days = [_day(option, day) for option, day in (("--from", question.start), ("--to", question.end)) if day]
    if question.start and question.end and days[0] > days[1]:
        raise QueryError(f"--from {question.start} is after --to {question.end}")
    if question.limit is not None and question.limit < 1:
        raise QueryError(f"--limit {question.limit}: 1 or more")
    if shape.form == "parquet" and not shape.out and not shape.only_sql:
        raise QueryError("--format parquet needs --out FILE")
    return shape if shape.only_sql else shape._replace(form=_form(shape))


def _form(shape: Shape) -> str:
    suffix = Path(shape.out or "").suffix.lower()
    form = SUFFIXES.get(suffix)
    if shape.form is None and not form and suffix not in TEXTS:
        raise QueryError(f"--out {shape.out}: --format table, csv, json or parquet? {suffix} 不能说明 does not tell")
    if shape.form and form not in (None, shape.form):
        raise QueryError(f"--out {shape.out} and 与 --format {shape.form} 矛盾 contradict each other")
    return shape.form or form or "table"


def _day(option: str, value: str):
    import datetime as dt

    try:
        if len(value) != len("YYYY-MM-DD"):
            raise ValueError(value)
        return dt.date.fromisoformat(value)
    except ValueError:
        raise QueryError(f"{option} {value}: a day such as 2026-04-30") from None
