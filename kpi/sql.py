"""Names and texts as SQL spells them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

PLACES = ("exports", "reference", "staging", "intermediate", "marts", "quality", "metrics")


def quoted(name: str) -> str:
    """A name of a table or a column in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: Path | str) -> str:
    """A text in SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def places(database: str | None, prefix: str = "", quote: Callable[[str], str] = quoted) -> dict[str, str]:
    """The schemas of a warehouse in SQL, by what the project calls them.

    Args:
        database: that they are in; none where the engine knows only schemas.
        prefix: in front of each, where several people have their own on one server (macros/generate_schema_name.sql).
        quote: how the engine spells a name.
    """
    of = f"{quote(database)}." if database else ""
    return {name: of + quote(prefix + name) for name in PLACES}
