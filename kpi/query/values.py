"""Texts of filters that no row has: a slip of the keyboard gives an empty answer, which looks like a true one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kpi.engines import Engine, Reader
from kpi.labels import Labels, Pair
from kpi.query.filters import matching
from kpi.query.question import QueryError
from kpi.sql import literal

MOST = 20_000  # values among which the nearest are looked for
LISTED = 12  # values that are all named
_TEXT = r"'(?:[^']|'')*'"
_COMPARED = re.compile(
    r"\{\{\s*Dimension\(\s*'([^']+)'\s*\)\s*\}\}\s*(?:(not)\s+)?(=|==|!=|<>|in|like|ilike)\s*"
    rf"(\(\s*{_TEXT}(?:\s*,\s*{_TEXT})*\s*\)|{_TEXT})",
    re.I,
)


class Compared(NamedTuple):
    """A dimension compared with a text.

    Attributes:
        dimension: its name.
        operator: ``=``, ``like`` or ``ilike``.
        text: what it is compared with.
        is_excluded: whether rows with the text are left out.
    """

    dimension: str
    operator: str
    text: str
    is_excluded: bool


def compared_in(condition: str) -> Iterator[Compared]:
    """The comparisons of dimensions with texts in a filter of MetricFlow's form."""
    for dimension, negated, operator, texts in _COMPARED.findall(condition):
        sign = operator.lower()
        for text in re.findall(_TEXT, texts):
            yield Compared(
                dimension,
                sign if sign.endswith("like") else "=",
                text[1:-1].replace("''", "'"),
                bool(negated) or sign in ("!=", "<>"),
            )


def checks_of(where: Sequence[str], labels: Labels, sql_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """What the warehouse is to be asked about the filters of a question; codes that have a label are known.

    Args:
        where: filters in MetricFlow's form.
        labels: of codes.
        sql_of: the SQL that lists the values of a dimension.
    """
    checks: dict[str, dict[str, Any]] = {}
    for compared in (found for condition in where for found in compared_in(condition)):
        known = labels.dimensions.get(compared.dimension)
        if known and _is_known(compared, known.values):
            continue
        check = checks.get(compared.dimension)
        if check is None:
            check = checks[compared.dimension] = {
                "name": compared.dimension,
                "label": labels.column(compared.dimension),
                "values": dict(known.values) if known else {},
                "sql": sql_of(compared.dimension),
                "compared": [],
            }
        check["compared"].append([compared.operator, compared.text, compared.is_excluded])
    return list(checks.values())


def _is_known(compared: Compared, values: Mapping[str, Pair]) -> bool:
    """Whether a text is a code with a label, or a pattern for one: the rows need not have it."""
    if compared.operator == "=":
        return compared.text in values
    return bool(matching(compared.text, compared.operator, values))


def check(engine: Engine, reader: Reader, checks: Sequence[dict[str, Any]]) -> list[str]:
    """Look whether the texts of filters are values of their dimensions.

    Args:
        engine: of the warehouse.
        reader: on it.
        checks: as ``checks_of`` made them.

    Returns:
        Notes on texts that are excluded and nowhere to be found.

    Raises:
        QueryError: with the nearest values, when rows with a text are asked for that none has.
    """
    notes = []
    for asked in checks:
        for operator, text, is_excluded in asked["compared"]:
            statement = (
                f"select bool_or(cast(value as {engine.text}) {operator} {literal(text)}), min({engine.kind}) "
                f"from (\n{asked['sql']}\n) as known(value)"
            )
            ((found, kind),) = reader.ask(statement).rows
            if (
                found is not False or kind not in engine.texts
            ):  # no values at all, or a comparison with a number or a day
                continue
            said = f"{asked['label']} {asked['name']}: {text}: 没有此值 no such value."
            message = said + _nearest(engine, reader, asked, text)
            if not is_excluded:
                raise QueryError(message)
            notes.append(f"{message} 没有排除任何行 Nothing is excluded by it.")
    return notes


def _nearest(engine: Engine, reader: Reader, asked: dict[str, Any], text: str) -> str:
    from kpi.query.names import nearest

    rows = reader.ask(
        f"select cast(value as {engine.text}) from (\n{asked['sql']}\n) as known(value) "
        f"where value is not null limit {MOST}"
    ).rows
    known = {value: [value, *asked["values"].get(value, ())] for value in sorted(value for (value,) in rows)}
    near = nearest(text.strip("%_"), known)
    if near:
        return f" Did you mean 是否指: {_listed(near, known)}?"
    return f" There are 有: {_listed(known, known)}." if len(known) <= LISTED else ""


def _listed(values: Any, known: dict[str, list[str]]) -> str:
    return ", ".join(" ".join(dict.fromkeys(known[value][:2])) for value in values)
