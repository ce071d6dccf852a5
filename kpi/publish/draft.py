"""What all steps of a publication share: what was done, what went wrong, and how names stand in SQL."""

from __future__ import annotations

from dataclasses import dataclass, field

STORAGE = "v1.2.0"  # what DuckDB clients from 1.2 on open, see docs/decisions/0058


class PublishError(Exception):
    """What keeps a file from being published, and what to do."""


@dataclass
class Published:
    """What a publication holds.

    Attributes:
        tables: rows by table, ``schema.name``.
        left_out: tables that were left out, with the reason: ``persons``, ``cells``, ``facts``, ``unknown``.
        without: columns that were left out, by table.
        withheld: withheld figures by table of ``metrics``.
        without_days: metrics of the long table whose days are left out, too many of them being of few.
        keys: primary and foreign keys that are declared, by table.
        alarms: data tests that failed when they were last run.
    """

    tables: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    without: dict[str, list[str]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    without_days: list[str] = field(default_factory=list)
    keys: dict[str, list[str]] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)


def reached(point: str) -> None:
    """Called before each step that a crash could tear apart; tests replace it to die there."""
