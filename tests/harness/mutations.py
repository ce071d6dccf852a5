"""Plausible mistakes: one operator changed in a SQL file of the project, or one property of a metric.

A mistake in SQL is a piece of text to be replaced at one place of a model or macro; what stands in comments, quotes and
(but for dates) Jinja is left alone. A mistake in a metric changes its entry in the semantic manifest, which is what
dbt makes of the YAML.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# (what is done, pattern, replacement); a pattern matches SQL outside of quotes, comments and Jinja
OPERATORS = [
    ("left join becomes inner join", r"\bleft join\b", "inner join"),
    ("inner join becomes left join", r"\binner join\b", "left join"),
    ("distinct removed", r"\bdistinct +", ""),
    ("< becomes <=", r" < ", " <= "),
    ("<= becomes <", r" <= ", " < "),
    ("> becomes >=", r" > ", " >= "),
    (">= becomes >", r" >= ", " > "),
    ("= becomes !=", r"(?<![<>!]) = ", " != "),
    ("filter dropped", r"(?m)^ *and (?P<condition>[^\n]+)\n", ""),
    ("filter dropped", r"(?m)^( *)where (?P<condition>[^\n]+)$", r"\1where true"),
    ("one day later", r"([+-]) 1\b(?!\d|\.)", r"\1 2"),
    ("sum becomes count", r"\bsum\(", "count("),
    ("max becomes min", r"\bmax\(", "min("),
    ("min becomes max", r"\bmin\(", "max("),
    ("zero becomes unknown", r"\bcoalesce\(([^()]+), 0\)", r"\1"),
    ("union all becomes union", r"\bunion all\b", "union"),
    ("not removed", r"\bnot (?!null\b|in\b)", ""),
    ("not in becomes in", r"\bnot in\b", "in"),
    ("is not null becomes is null", r"\bis not null\b", "is null"),
    ("is null becomes is not null", r"\bis null\b", "is not null"),
    ("descending becomes ascending", r" desc\b", ""),
    ("key of a window dropped", r"\bpartition by [\w.]+, ", "partition by "),
]
# dates are computed by dbt's macros, so their numbers stand in Jinja
DATE = ("one day later", r"(?<=dateadd\('day', )(-?\d+)", lambda found: str(int(found[1]) + 1))
# not SQL, or SQL that names things, checks files before a build or prints
LEFT_ALONE = {"generate_schema_name.sql", "check_export_files.sql", "export.sql"}


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    Attributes:
        file: path of the SQL file, or of the YAML that defines the metric, below the project.
        line: number of the line, 1 for a metric.
        operator: what is done.
        before: the line, or the property of the metric.
        after: what it becomes.
        name: model, macro file or metric.
        start: where the replaced text begins in the file; -1 for a metric.
        end: where it ends.
        text: what takes its place.
    """

    file: str
    line: int
    operator: str
    before: str
    after: str
    name: str
    start: int = -1
    end: int = -1
    text: str = ""

    @property
    def key(self) -> str:
        """What it is called in the list of explained survivors: it outlives a change of the line's number."""
        return f"{self.name}: {self.before} -> {self.after}"

    @property
    def is_metric(self) -> bool:
        """Whether it changes a metric."""
        return self.start < 0

    def applied(self, source: str) -> str:
        """The file with the mistake in it."""
        return source[: self.start] + self.text + source[self.end :]


def blank(source: str, pattern: str) -> str:
    """The source with what matches replaced by blanks, so that places stay where they are."""
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", "\0", found[0]), source, flags=re.S)


def code_of(source: str) -> str:
    """SQL alone: Jinja, comments and quoted text blanked."""
    for pattern in (r"\{#.*?#\}", r"\{\{.*?\}\}", r"\{%.*?%\}", r"--[^\n]*", r"'[^'\n]*'", r'"[^"\n]*"'):
        source = blank(source, pattern)
    return source


def is_whole(condition: str) -> bool:
    """Whether a condition on a line can go without leaving half an expression: its brackets are closed."""
    return condition.count("(") == condition.count(")") and not re.search(r"\b(or|then|between)\b", condition)


def in_sql(file: Path, project: Path) -> Iterator[Mutant]:
    """All mistakes that can be made in one SQL file."""
    source = file.read_text(encoding="utf-8")
    code = code_of(source)
    lines = source.splitlines()
    found = [(what, match, put) for what, pattern, put in OPERATORS for match in re.finditer(pattern, code)]
    found += [(DATE[0], match, DATE[2]) for match in re.finditer(DATE[1], blank(source, r"\{#.*?#\}|--[^\n]*"))]
    for what, match, put in found:
        if "condition" in match.re.groupindex and not is_whole(source[match.start() : match.end()]):
            continue
        replaced = put(match) if callable(put) else match.expand(put)
        # groups of the blanked text may hold quotes and Jinja: take them from the source
        if not callable(put) and "\\1" in put and match[1] is not None:
            replaced = put.replace("\\1", source[match.start(1) : match.end(1)])
        number = source.count("\n", 0, match.start()) + 1
        changed = source[: match.start()] + replaced + source[match.end() :]
        after = "" if replaced == "" and match[0].endswith("\n") else changed.splitlines()[number - 1].strip()
        yield Mutant(
            str(file.relative_to(project)), number, what, lines[number - 1].strip(), after, file.stem,
            match.start(), match.end(), replaced,
        )  # fmt: skip


def changed_metrics(metric: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(what is done, before, after, changed metric) for each mistake in one metric of the semantic manifest."""
    made_of = metric["type_params"]

    def other(change) -> dict[str, Any]:
        changed = copy.deepcopy(metric)
        change(changed["type_params"], changed)
        return changed

    aggregation = made_of.get("metric_aggregation_params") or {}
    agg = aggregation.get("agg")
    for becomes in {"sum": ("count", "max"), "count_distinct": ("count",), "max": ("min",), "median": ("average",)}.get(
        agg, ()
    ):
        yield (
            f"{agg} becomes {becomes}",
            f"agg: {agg}",
            f"agg: {becomes}",
            other(lambda made, _, to=becomes: made["metric_aggregation_params"].update(agg=to)),
        )
    if aggregation.get("non_additive_dimension"):
        yield (
            "last day becomes every day",
            "non_additive_dimension",
            "none",
            other(lambda made, _: made["metric_aggregation_params"].update(non_additive_dimension=None)),
        )
    if metric["type"] == "ratio":
        yield (
            "numerator and denominator swapped",
            f"{made_of['numerator']['name']} / {made_of['denominator']['name']}",
            f"{made_of['denominator']['name']} / {made_of['numerator']['name']}",
            other(lambda made, _: made.update(numerator=made["denominator"], denominator=made["numerator"])),
        )
    for side in ("numerator", "denominator"):
        if (made_of.get(side) or {}).get("filter"):
            yield (
                "filter dropped",
                f"filter of the {side}",
                "none",
                other(lambda made, _, side=side: made[side].update(filter=None)),
            )
    for place, part in enumerate(made_of.get("metrics") or []):
        if part.get("filter"):
            yield (
                "filter dropped",
                f"filter of {part['name']}",
                "none",
                other(lambda made, _, place=place: made["metrics"][place].update(filter=None)),
            )
    if metric.get("filter"):
        yield "filter dropped", "filter", "none", other(lambda _, whole: whole.update(filter=None))
    expression = made_of.get("expr")
    if metric["type"] == "derived" and expression:
        for sign, turned in ((" - ", " + "), (" + ", " - "), (" / ", " * "), (" * ", " / "), (" = ", " != ")):
            for match in re.finditer(re.escape(sign), expression):
                changed = expression[: match.start()] + turned + expression[match.end() :]
                yield (
                    f"{sign.strip()} becomes {turned.strip()}",
                    expression,
                    changed,
                    other(lambda made, _, to=changed: made.update(expr=to)),
                )


def in_metrics(semantic_manifest: dict[str, Any], files: dict[str, str]) -> Iterator[tuple[Mutant, dict[str, Any]]]:
    """All mistakes that can be made in metrics, each with the changed metric.

    Args:
        semantic_manifest: content of ``semantic_manifest.json``.
        files: the YAML file of each metric.
    """
    for metric in semantic_manifest["metrics"]:
        for what, before, after, changed in changed_metrics(metric):
            yield Mutant(files[metric["name"]], 1, what, before, after, metric["name"]), changed
