"""How large a thing may be, and the refusal of what is larger or not to be trusted."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes beyond which a file is refused."""

    max_bytes: int = 256 * 1024 * MIB
    """Of one file, and of all members of one archive together, unpacked."""
    max_cell: int = MIB
    """Of one value: a cell, a text in JSON or XML."""
    max_record: int = 32 * MIB
    """Of one record: a line, a JSON object with all it contains, an XML event."""
    max_ratio: int = 100
    """Unpacked to packed size, for what unpacks to more than ``bomb_bytes``."""
    bomb_bytes: int = 100_000_000
    """Below this size the ratio does not matter."""


class Refused(Exception):
    """A file that is not read. Nothing of it may land, also not what came before this was raised.

    Attributes:
        name: The file as in ``_source_file``.
        reason: A word for programs: symlink, path, encrypted, nested, bomb, too_large, nul, cell, not_a_file,
            duplicate_name, damaged, unreadable, entities; readers of tables have some of their own.
        message: What is wrong and what to do, for people; no personal value in it.
    """

    def __init__(self, name: str, reason: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.reason = reason
        self.message = message
