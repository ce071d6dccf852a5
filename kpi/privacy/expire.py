"""``kpi expire``: landed rows that are older than their contract keeps them leave the landing directory.

How old a row is:

* Events and business documents (a message, an order): from their business day (``day_column``). All landed versions of
  one key are as old as its newest version. They leave together: otherwise an older version would surface and be taken
  for the present one.
* Registers and snapshots (no ``day_column``, or a key with a person in it: customers, member lists, roles): from the
  day of their export. A customer whom the platform still exports is not forgotten because the contact is old; earlier
  versions leave, and the last one does when no export has shown it for as long.
* A row whose day cannot be read: from the day of its export.

A day is kept for ``retention_days`` and leaves on the day after. Entries of the identity map whose key no landed row
holds any more leave with the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kpi.contracts import Contract, load_contracts
from kpi.ingest.landing import Landing
from kpi.ingest.manifest import Part
from kpi.ingest.parts import GROUP_ROWS, day_of
from kpi.privacy import rewriting as rw
from kpi.privacy.keys import Secret
from kpi.privacy.vault import open_vault


@dataclass(frozen=True)
class Expired:
    """What expired.

    Attributes:
        rows: rows that went, by export.
        first_kept: first day that stays, by export with a limit.
        identities: entries of the identity map that went.
    """

    rows: dict[str, int]
    first_kept: dict[str, date]
    identities: int


def counts_from_export(contract: Contract) -> bool:
    """Whether rows age from the day of their export; see the module."""
    return contract.day_column is None or bool(set(contract.key) & set(contract.personal_columns))


def days(table: pa.Table, contract: Contract) -> list[str]:
    """The day from which each row ages, ``YYYY-MM-DD``; empty where not even the export's day can be read."""
    exported = [_day(cell) for cell in table["_exported_at"].to_pylist()]
    if counts_from_export(contract) or contract.day_column not in table.column_names:
        return exported
    cells = table[contract.day_column].to_pylist()
    known: dict[str | None, str] = {}
    for cell in cells:
        if cell not in known:
            known[cell] = _day(cell)
    return [known[cell] or day for cell, day in zip(cells, exported, strict=True)]


def _day(cell: str | None) -> str:
    found = day_of(cell) if cell else None
    return found.isoformat() if found else ""


def newest_days(tables: Iterable[pa.Table], contract: Contract) -> dict[tuple[str | None, ...], tuple[str, str]]:
    """By key, when its newest version was exported and the day from which that one ages."""
    newest: dict[tuple[str | None, ...], tuple[str, str]] = {}
    for table in tables:
        for key, version in _versions(table, contract):
            newest[key] = max(newest.get(key, version), version)
    return newest


def _versions(table: pa.Table, contract: Contract) -> Iterable[tuple[tuple[str | None, ...], tuple[str, str]]]:
    keys = zip(*(table[name].to_pylist() for name in contract.key), strict=True)
    return zip(keys, zip(table["_exported_at"].to_pylist(), days(table, contract), strict=True), strict=True)


def kept(table: pa.Table, contract: Contract, first: str, newest: Mapping[tuple, tuple[str, str]] | None) -> rw.Texts:
    """Rows that stay.

    Args:
        table: landed rows.
        contract: what they are.
        first: first day that stays.
        newest: of ``newest_days`` where versions leave together, else None.
    """
    if newest is None:
        stays = [not day or day >= first for day in days(table, contract)]
    else:
        stays = [not newest[key][1] or newest[key][1] >= first for key, _ in _versions(table, contract)]
    return pa.chunked_array([pa.array(stays, pa.bool_())])


def expire(directory: Path, secret: Secret, today: date, *, dry_run: bool = False) -> Expired:
    """Take out what has expired.

    Args:
        directory: the landing directory.
        secret: its secret.
        today: the day it is.
        dry_run: only count.

    Raises:
        LandingError: when the directory belongs to another secret or cannot be changed.
    """
    contracts = load_contracts()
    limits = {
        name: today - timedelta(days=contract.retention_days)
        for name, contract in contracts.items()
        if contract.retention_days is not None
    }
    rows: Counter[str] = Counter()
    with Landing.locked(directory, secret=secret.fingerprint) as landing, open_vault(secret, directory) as vault:
        gone: dict[str, pa.Table | None] = {}
        with landing.rewrite() as change:
            for export, first in limits.items():
                for part, left in _expired_parts(landing, contracts[export], first.isoformat()):
                    rows[export] += part.rows - left.num_rows
                    gone[part.path] = left
                    if not dry_run:
                        change.replace(part, left, contracts[export].day_column)
            unused = _unused(landing, contracts, gone, [entry.key for entry in vault.entries()])
        identities = vault.forget(unused)
        if not dry_run:
            vault.commit()
    return Expired(dict(rows), limits, identities)


def _expired_parts(landing: Landing, contract: Contract, first: str) -> Iterable[tuple[Part, pa.Table]]:
    """The parts that lose rows, with what is left of them; a part that is young as a whole is not read."""
    parts = landing.parts(contract.export)
    by_export_day = counts_from_export(contract)
    old = [part for part in parts if _oldest(part, by_export_day) < first]
    if not old:
        return
    newest = None
    if contract.key and not by_export_day:
        newest = newest_days((landing.table(part) for part in parts), contract)
    for part in old if newest is None else parts:
        table = landing.table(part)
        slices = (table.slice(at, GROUP_ROWS) for at in range(0, table.num_rows, GROUP_ROWS))  # bounds the memory
        left = pa.concat_tables(rows.filter(kept(rows, contract, first, newest)) for rows in slices)
        if left.num_rows < table.num_rows:
            yield part, left


def _oldest(part: Part, by_export_day: bool) -> str:
    exported = part.path.partition("exported_on=")[2][:10]
    return exported if by_export_day else min(part.min_day or exported, exported)


def _unused(
    landing: Landing, contracts: Mapping[str, Contract], gone: Mapping[str, pa.Table | None], keys: list[str]
) -> list[str]:
    """Those of ``keys`` that no row holds once the parts in ``gone`` are exchanged."""
    left = set(keys)
    for part in landing.parts():
        contract = contracts.get(part.export)
        if contract is None or not contract.personal_columns or not left:
            continue
        table = gone.get(part.path)
        table = landing.table(part) if table is None else table
        for column in (c for c in contract.columns if c.is_personal and c.name in table.column_names):
            for cell in rw.keys_in(pc.unique(table[column.name]), contract, column):
                left.difference_update(cell)
    return sorted(left)
