"""The way of a plain question past Typer: its arguments are read here, and most commands are never loaded."""

from __future__ import annotations

import sys
from pathlib import Path

from kpi.query.question import Question, Shape, split

VALUES = {"--grain", "--from", "--to", "--limit", "--format", "--lang", "--out", "--target"}
LISTS = {"--by", "--where", "--order"}
FLAGS = {"--sql"}


def parse(arguments: list[str]) -> tuple[Question, Shape] | None:
    """Read arguments that are written plainly; None for all others, which Typer explains or reads."""
    metrics: list[str] = []
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {name: [] for name in LISTS}
    flags: set[str] = set()
    given = iter(arguments)
    for argument in given:
        name, has_value, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
        if name in FLAGS and not has_value:
            flags.add(name)
        elif name in VALUES or name in LISTS:
            if not has_value:
                value = next(given, "-")
                if value.startswith("-") and name != "--order":
                    return None
            if name in LISTS:
                lists[name].append(value)
            elif name in values:
                return None
            else:
                values[name] = value
        elif argument.startswith("-"):
            return None
        else:
            metrics.append(argument)
    limit = values.get("--limit")
    if not metrics or (limit is not None and not limit.isascii()) or (limit and not limit.isdigit()) or limit == "":
        return None
    question = Question(
        split(metrics),
        split(lists["--by"]),
        values.get("--grain"),
        values.get("--from"),
        values.get("--to"),
        tuple(lists["--where"]),
        split(lists["--order"]),
        int(limit) if limit else None,
        values.get("--target"),
    )
    shape = Shape(values.get("--format"), values.get("--lang"), "--sql" in flags, values.get("--out"))
    return question, shape


def answer_plain(arguments: list[str]) -> int | None:
    """Answer ``kpi query`` with these arguments; None when they are not plain."""
    plain = parse(arguments)
    if plain is None:
        return None
    from kpi.query.run import answer

    for stream in (sys.stdout, sys.stderr):  # labels are Chinese whatever the locale says
        stream.reconfigure(errors="replace") if stream.encoding.lower() == "utf-8" else stream.reconfigure(
            encoding="utf-8"
        )
    return answer(*plain, Path.cwd())
