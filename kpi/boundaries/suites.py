"""Suites: what is expected, read from YAML and from the bands of the metrics."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from kpi.contracts import load_contracts

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the parser in C where there is one
FOLDER = Path(__file__).with_name("suites")
SEVERITIES = ("error", "warn")


class CheckError(Exception):
    """Something that keeps a boundary from being checked, said so that an operator can act."""


@dataclass(frozen=True)
class Check:
    """One expectation.

    Attributes:
        name: what it is called within its suite; a check over several columns ends in the column.
        of: the relation that is looked at.
        expect: a kind of ``expectations.KINDS``.
        column: the column that is looked at, if one is.
        severity: ``error``, the number is wrong; ``warn``, someone should look.
        reason: why it exists and what its failure would mean.
        action: what to do then.
        settings: the kind's own parameters.
    """

    name: str
    of: str
    expect: str
    column: str | None
    severity: str
    reason: str
    action: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """Checks of one export or one topic, with the relations that they look at."""

    name: str
    needs: tuple[str, ...]
    relations: dict[str, str]
    checks: tuple[Check, ...]


def read_suites(boundary: str) -> list[Suite]:
    """The suites of ``exports`` or ``metrics``, by name; those of exports with what their contracts say beside."""
    suites = {path.stem: _suite(path) for path in sorted((FOLDER / boundary).glob("*.yml"))}
    if boundary == "exports":
        from kpi.boundaries.contracts import contract_suite  # which is made of what stands here

        checks = _suite(FOLDER / "contracts.yml").checks
        for name, contract in load_contracts().items():
            said = contract_suite(contract, checks)
            own = suites.get(name, Suite(name, said.needs, {}, ()))
            suites[name] = replace(own, relations=own.relations | said.relations, checks=own.checks + said.checks)
    return [suites[name] for name in sorted(suites)]


def _suite(path: Path) -> Suite:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    checks = [check for entry in content["checks"] for check in _checks(entry)]
    return Suite(path.stem, tuple(content.get("needs", [])), content.get("relations", {}), tuple(checks))


def _checks(entry: dict[str, Any]) -> list[Check]:
    """One check, or one per column where several are named."""
    entry = dict(entry)
    several = entry.pop("columns", None)
    known = {key: entry.pop(key) for key in ("name", "of", "expect", "severity", "reason")}
    check = Check(**known, action=entry.pop("do"), column=entry.pop("column", None), settings=entry)
    if several is None:
        return [check]
    return [replace(check, name=f"{check.name}: {column}", column=column) for column in several]


@dataclass(frozen=True)
class Band:
    """One line of ``metric_bands``: a logical bound, or a range that somebody published."""

    metric: str
    scope: str
    low: float | None
    high: float | None
    severity: str
    source: str
    year: str
    grade: str
    note: str


def read_bands(project: Path) -> list[Band]:
    """The bands of the metrics, as they stand in the seed."""
    path = project / "seeds" / "reference" / "metric_bands.csv"
    if not path.is_file():
        raise CheckError(f"{path}: the bands of the metrics are not there; run `kpi check` in the project's folder.")
    with path.open(encoding="utf-8", newline="") as file:
        return [_band(line) for line in csv.DictReader(file)]


def _band(line: dict[str, str]) -> Band:
    low, high = (float(line[key]) if line[key] else None for key in ("low", "high"))
    texts = {key: line[key] for key in ("metric", "scope", "severity", "source", "year", "grade", "note")}
    return Band(low=low, high=high, **texts)


def with_bands(suites: list[Suite], bands: list[Band]) -> list[Suite]:
    """Each ``expect: band`` replaced by what the bands of its metric and severity say."""
    return [
        replace(suite, checks=tuple(made for check in suite.checks for made in _banded(check, bands)))
        for suite in suites
    ]


def _banded(check: Check, bands: list[Band]) -> list[Check]:
    if check.expect != "band":
        return [check]
    own = [band for band in bands if band.metric == check.column and band.severity == check.severity]
    made = []
    for scope in dict.fromkeys(band.scope for band in own):
        within = [band for band in own if band.scope == scope]
        # published ranges contradict each other: what lies in any of them, or between two, is not remarkable
        lows, highs = [band.low for band in within], [band.high for band in within]
        limits = {
            "min": None if None in lows else min(lows),
            "max": None if None in highs else max(highs),
        }
        said = "; ".join(_said(band) for band in within)
        for side, limit in limits.items():
            if limit is not None:
                made.append(
                    replace(
                        check,
                        name=f"{check.name} ({scope}, {side})",
                        of=scope.replace("=", "_"),
                        expect=side,
                        reason=f"{check.reason} {said}",
                        settings={side: limit},
                    )
                )
    return made


def _said(band: Band) -> str:
    if not band.source:
        return band.note
    return f"{band.note} ({band.source}, {band.year or 'no year'}, grade {band.grade})"
