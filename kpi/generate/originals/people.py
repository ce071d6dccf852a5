"""Who is behind a key, and what a file of a platform says of them. Everybody is invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kpi.contracts import load_contracts
from kpi.generate.contents import Contents
from kpi.generate.keys import Keys
from kpi.generate.names import PROVINCES, address, nickname, person_name
from kpi.generate.raw_ids import number_of, raw_id

Cells = dict[str, str]


@dataclass
class File:
    """One original file: its name, when it was made, and the landed rows it gives, by export."""

    source: str
    exported: str
    rows: dict[str, list[Cells]]

    @property
    def only(self) -> list[Cells]:
        """Rows of a file that gives one export."""
        (rows,) = self.rows.values()
        return rows


class People:
    """Puts persons and contents back into landed rows."""

    def __init__(self, keys: Keys, contents: Contents) -> None:
        self._keys, self._contents = keys, contents
        self._personal = {
            name: [(column.name, column.many) for column in contract.columns if column.is_personal]
            for name, contract in load_contracts().items()
        }
        self._amounts = {
            name: {column.name for column in contract.columns if column.type == "money"}
            for name, contract in load_contracts().items()
        }

    def amounts(self, export: str) -> set[str]:
        """Columns of an export that hold money."""
        return self._amounts[export]

    def raw(self, key: str) -> str:
        """Raw id of a key; blank stays blank. Raises KeyError for a key that this run did not make."""
        return self._keys.people[key][0] if key else ""

    def number(self, key: str) -> int:
        """Running number of a key, by which its invented details are chosen."""
        return number_of(self._keys.people[key][1]) if key else 0

    def name(self, key: str) -> str:
        """Name as it stands in an address or a staff list."""
        return person_name(self.number(key))

    def nickname(self, key: str) -> str:
        """Name that somebody gave to themselves."""
        return nickname(self.number(key))

    def phone(self, number: int) -> str:
        """A phone number that belongs to a running number, apart from those in the landed rows."""
        return raw_id("ph", 500_000_000 + number % 100_000_000, self._keys.seed)

    def place(self, number: int) -> tuple[str, str]:
        """Province and address."""
        return PROVINCES[number % len(PROVINCES)], address(number)

    def shown(self, content_hash: str) -> str | dict[str, Any]:
        """What is behind a content key: a text or a body. A blank key is a text of which nothing is left."""
        return self._contents.shown[content_hash] if content_hash else "😊"

    def restored(self, export: str, row: Cells) -> Cells:
        """The row without its lineage, with raw ids for keys."""
        out = {name: cell for name, cell in row.items() if not name.startswith("_")}
        for name, many in self._personal[export]:
            prefix = "`" if out[name].startswith("`") else ""
            if many is None:
                out[name] = prefix + self.raw(out[name].removeprefix("`")) if out[name] != "——" else "——"
        return out
