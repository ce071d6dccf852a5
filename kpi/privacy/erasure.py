"""Erasing a person from landed exports, so that what was counted stays counted.

Who belongs together is read from rows that name one person by several keys (``Contract.same_person``), by the rules of
``int_identities_resolved``: customer, unionid and openid are one; a phone belongs to a person only if no other person
has it. Numbers by which a platform finds the person (``Column.traceable``) are followed over all exports: an order, its
lines, its payment, its refund. Keys and numbers are exchanged for random ones, each for the same one wherever it is:
every count, distinct count and sum stays as it was, and nothing leads back. See ``docs/decisions/0053``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from kpi.contracts import Column, Contract
from kpi.privacy import rewriting as rw

OWN = ("order", "message", "coupon")
"""Kinds of numbers whose rows are one person's; an invitation code stands in rows of others too."""
Read = Callable[[list[str]], Iterator[pa.Table]]
"""Reads the given columns of an export, table by table; a column that a table lacks is not in it."""


@dataclass(frozen=True)
class Person:
    """The keys of one person.

    Attributes:
        keys: all that are known to be theirs.
        shared: phone keys that are noted for others too; they stay.
    """

    keys: frozenset[str]
    shared: frozenset[str] = frozenset()


@dataclass
class Replacement:
    """What stands for what from now on.

    Attributes:
        persons: keys of the person, to keys of nobody.
        traces: by kind of number, the person's numbers to random ones.
        contents: content hashes of the person's messages to random ones.
    """

    persons: dict[str, str] = field(default_factory=dict)
    traces: dict[str, dict[str, str]] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)


class _Groups:
    """Keys that are one person: union-find."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def of(self, key: str) -> str:
        parent = self._parent
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    def join(self, keys: list[str]) -> None:
        for key in keys[1:]:
            self._parent[self.of(key)] = self.of(keys[0])

    def __contains__(self, key: str) -> bool:
        return key in self._parent

    def members(self, group: str) -> set[str]:
        return {key for key in list(self._parent) if self.of(key) == group}


def find_person(key: str, contracts: Mapping[str, Contract], read: Callable[[str], Read]) -> Person:
    """All keys of the person that ``key`` belongs to.

    Args:
        key: one of them.
        contracts: the exports; those with ``same_person`` are read.
        read: gives the reader of an export.
    """
    groups, noted = _Groups(), []
    for name, contract in contracts.items():
        if not contract.same_person:
            continue
        for table in read(name)(list(contract.same_person)):
            noted += _link(table, contract, groups)
    holders: dict[str, set[str]] = defaultdict(set)
    for single, phones in noted:
        for phone in phones:
            holders[phone].add(groups.of(single))
    if key in holders:
        if len(holders[key]) > 1:
            return Person(frozenset({key}))
        group = next(iter(holders[key]))
    elif key in groups:
        group = groups.of(key)
    else:
        return Person(frozenset({key}))
    theirs = {phone for phone, persons in holders.items() if group in persons}
    shared = frozenset(phone for phone in theirs if len(holders[phone]) > 1)
    return Person(frozenset(groups.members(group) | theirs) - shared, shared)


def _link(table: pa.Table, contract: Contract, groups: _Groups) -> list[tuple[str, list[str]]]:
    """Join the keys of each row; returned are the persons with the keys that are only noted for them."""
    specs = [contract.column(name) for name in contract.same_person if name in table.column_names]
    cells = {spec.name: rw.keys_in(table[spec.name], contract, spec) for spec in specs}
    noted = []
    for row in range(table.num_rows):
        single = [key for spec in specs if spec.many is None for key in cells[spec.name][row]]
        groups.join(single)
        if single:
            groups.of(single[0])
            listed = [key for spec in specs if spec.many for key in cells[spec.name][row]]
            noted.append((single[0], listed))
    return noted


def traced(contract: Contract) -> list[Column]:
    """The columns with numbers by which the platform finds a person."""
    return [column for column in contract.columns if column.traceable]


def rows_of(table: pa.Table, contract: Contract, keys: Iterable[str]) -> rw.Texts:
    """Rows that name one of the keys in any column, lists too."""
    keys = set(keys)
    columns = [c for c in contract.columns if c.is_personal and c.name in table.column_names]
    return rw.any_of((rw.holds(table[c.name], contract, c, keys) for c in columns), table.num_rows)


def rows_traced(
    table: pa.Table, contract: Contract, traces: Mapping[str, Iterable[str]], kinds: Iterable[str] | None = None
) -> rw.Texts:
    """Rows that hold one of the numbers, of ``kinds`` only if given."""
    columns = [c for c in traced(contract) if c.name in table.column_names and (kinds is None or c.traceable in kinds)]
    return rw.any_of(
        (rw.holds(table[c.name], contract, c, set(traces.get(c.traceable, ()))) for c in columns), table.num_rows
    )


def find_traces(
    person: Person, contracts: Mapping[str, Contract], read: Callable[[str], Read]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The numbers in rows of the person and in rows with such a number, until there are no more.

    Returns:
        The person's numbers and all numbers, both by kind; of the second, each new one must differ.
    """
    mine: dict[str, set[str]] = defaultdict(set)
    everybody: dict[str, set[str]] = defaultdict(set)
    first, grew = True, True
    while grew:
        grew = False
        for name, contract in contracts.items():
            columns = traced(contract)
            if not columns:
                continue
            for table in read(name)([*contract.personal_columns, *(c.name for c in columns)]):
                mask = pc.or_(rows_of(table, contract, person.keys), rows_traced(table, contract, mine))
                for column in (c for c in columns if c.name in table.column_names):
                    numbers = rw.plain(table[column.name], contract)
                    if first:
                        everybody[column.traceable].update(pc.unique(numbers.drop_null()).to_pylist())
                    found = set(pc.unique(numbers.filter(mask).drop_null()).to_pylist()) - set(contract.null_likes)
                    grew |= not found <= mine[column.traceable]
                    mine[column.traceable] |= found
        first = False
    return dict(mine), dict(everybody)


def draw(person: Person, mine: Mapping[str, set[str]], everybody: Mapping[str, set[str]]) -> Replacement:
    """Random keys and numbers for those of the person."""
    new = Replacement({key: rw.nobody(key) for key in sorted(person.keys)})
    for kind, numbers in mine.items():
        taken = set(everybody.get(kind, ()))
        chosen = new.traces.setdefault(kind, {})
        for number in sorted(numbers):
            chosen[number] = rw.lookalike(number, taken)
            taken.add(chosen[number])
    return new


def replace_rows(table: pa.Table, contract: Contract, new: Replacement) -> pa.Table | None:
    """The table without the person; None when it does not hold them.

    Args:
        table: landed rows.
        contract: what they are.
        new: what stands for what; contents are added as they come.
    """
    theirs = rows_of(table, contract, new.persons)
    touched = pc.or_(theirs, rows_traced(table, contract, new.traces))
    if not pc.any(touched).as_py():
        return None
    if contract.drops_erased:
        return table.filter(pc.invert(theirs))
    for column in contract.columns:
        if column.name not in table.column_names:
            continue
        cells = table[column.name]
        if column.is_personal:
            cells = rw.exchange(cells, contract, column, new.persons)
        elif column.traceable:
            cells = rw.exchange(cells, contract, column, new.traces.get(column.traceable, {}))
        elif column.on_erasure == "blank":
            cells = pc.if_else(theirs, pa.scalar("", pa.string()), cells)
        elif column.on_erasure == "renew":
            for content in pc.unique(cells.filter(theirs)).drop_null().to_pylist():
                if content.strip():
                    new.contents.setdefault(content, rw.nobody(content))
            cells = pc.if_else(theirs, rw.exchange(cells, contract, column, new.contents), cells)
        else:
            continue
        table = rw.set_column(table, column.name, cells)
    return table


def delete_rows(table: pa.Table, contract: Contract, new: Replacement) -> pa.Table | None:
    """The table without the rows of the person, their orders' and messages' rows too; None when there are none.

    From a cell with several persons only the person goes. A row that shares no more than the person's invitation code
    is another's: it stays, with another code.
    """
    single = [c for c in contract.columns if c.is_personal and c.many is None and c.name in table.column_names]
    gone = rw.any_of((rw.holds(table[c.name], contract, c, new.persons) for c in single), table.num_rows)
    gone = pc.or_(gone, rows_traced(table, contract, new.traces, ("order", "message")))
    left = table.filter(pc.invert(gone))
    for column in (c for c in contract.columns if c.many and c.name in table.column_names):
        mask = rw.holds(left[column.name], contract, column, new.persons)
        shorter = rw.map_cells(left[column.name], contract, lambda cell: rw.without_keys(cell, new.persons))
        left = rw.set_column(left, column.name, pc.if_else(mask, shorter, left[column.name]))
    renewed = replace_rows(left, contract, new)
    left = left if renewed is None else renewed
    return None if left.equals(table) else left
