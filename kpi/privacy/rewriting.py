"""Landed tables with other keys in them: pure functions from a table to a table.

A table is a ``pyarrow.Table`` of text columns as ``Landing.table`` gives it. Cells of some exports begin with a
character of the platform (``Contract.cell_prefix``), and some hold several keys as a list; both stay as they were.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Callable, Collection, Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from kpi.contracts import Column, Contract
from kpi.privacy.keys import KEY

Texts = pa.ChunkedArray


def plain(column: Texts, contract: Contract) -> Texts:
    """The cells without the prefix of the platform, trimmed; blank ones are null."""
    text = pc.utf8_trim_whitespace(pc.utf8_ltrim(column, contract.cell_prefix) if contract.cell_prefix else column)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def keys_in(column: Texts, contract: Contract, spec: Column) -> list[list[str]]:
    """The keys in each cell; an empty list for a cell without."""
    cells = plain(column, contract).to_pylist()
    if spec.many is None:
        return [[cell] if cell else [] for cell in cells]
    return [KEY.findall(cell) if cell else [] for cell in cells]


def map_cells(column: Texts, contract: Contract, change: Callable[[str], str]) -> Texts:
    """Each different cell changed once; blank cells and the prefix of the platform stay."""
    cells = pc.dictionary_encode(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)
    prefix = contract.cell_prefix
    changed = []
    for cell in cells.dictionary.to_pylist():
        bare = cell.lstrip(prefix) if prefix else cell
        changed.append(cell[: len(cell) - len(bare)] + change(bare) if bare.strip() else cell)
    return pc.take(pa.array(changed, pa.string()), cells.indices)


def exchange(column: Texts, contract: Contract, spec: Column, new: Mapping[str, str]) -> Texts:
    """A column with values exchanged; of a list, its members are."""
    if spec.many is not None:
        return map_cells(column, contract, lambda cell: KEY.sub(lambda found: new.get(found[0], found[0]), cell))
    return map_cells(column, contract, lambda cell: new.get(cell.strip(), cell))


def set_column(table: pa.Table, name: str, values: Texts) -> pa.Table:
    """The table with one column exchanged."""
    return table.set_column(table.column_names.index(name), name, values)


def holds(column: Texts, contract: Contract, spec: Column, wanted: Collection[str]) -> Texts:
    """Rows whose cell holds one of ``wanted``."""
    if not wanted:
        return pa.chunked_array([pa.array([False] * len(column), pa.bool_())])
    if spec.many is not None:
        pattern = "|".join(map(re.escape, sorted(wanted)))
        return pc.fill_null(pc.match_substring_regex(column, pattern), False)
    return pc.is_in(plain(column, contract), value_set=pa.array(sorted(wanted), pa.string()))


def any_of(masks: Iterable[Texts], rows: int) -> Texts:
    """Rows for which any of the masks holds."""
    found = pa.chunked_array([pa.array([False] * rows, pa.bool_())])
    for mask in masks:
        found = pc.or_(found, mask)
    return found


def lookalike(value: str, taken: Collection[str]) -> str:
    """A random value of the same form: digits for digits, letters for letters, unless it has enough digits alone.

    ``taken`` are values that it may not be. The last resort of a form with few values is to be longer.
    """
    letters_too = sum(c.isdigit() for c in value) < 8
    drawn = value
    for attempt in range(200):
        grown = value + "0" * (attempt // 50)
        drawn = "".join(_other(c, letters_too) for c in grown)
        if drawn != value and drawn not in taken:
            return drawn
    raise ValueError("no free number of this form")  # 50 tries in a thousand times as many values: cannot be


def _other(character: str, letters_too: bool) -> str:
    if character.isdecimal() and character.isascii():
        return secrets.choice(string.digits)
    if letters_too and character in string.ascii_lowercase:
        return secrets.choice(string.ascii_lowercase)
    if letters_too and character in string.ascii_uppercase:
        return secrets.choice(string.ascii_uppercase)
    return character


def nobody(key: str) -> str:
    """A random key of the same space; no secret makes it, so it belongs to nobody."""
    return f"{key[:3]}{secrets.token_hex((len(key) - 3) // 2)}"


def without_keys(cell: str, keys: Collection[str]) -> str:
    """A list of keys less some of them, in the form that it had."""
    if cell.lstrip().startswith("["):
        return json.dumps([key for key in json.loads(cell) if key not in keys])
    return ",".join(key for key in cell.split(",") if key.strip() not in keys)
