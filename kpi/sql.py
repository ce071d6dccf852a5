"""Names and texts as SQL spells them."""

from __future__ import annotations

from pathlib import Path


def quoted(name: str) -> str:
    """A name of a table or a column in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: Path | str) -> str:
    """A text in SQL."""
    return "'" + str(text).replace("'", "''") + "'"
