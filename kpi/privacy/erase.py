"""``kpi erase``: a person leaves the identity map, the landing directory and, if asked, a warehouse file.

Order of writing: the identity map first, then the landing directory, then the ledger. A run that is killed between
leaves a directory in which the person's keys still stand, with their links; the same command does the rest.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kpi.contracts import Contract, load_contracts
from kpi.ingest.landing import Landing
from kpi.privacy import erasure
from kpi.privacy.keys import KEY, PrivacyError, Secret
from kpi.privacy.vault import Vault, open_vault

LEDGER = "erasures.csv"


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes:
        keys: number of keys that were the person's.
        shared: phone keys that are noted for others too and stay.
        known: how many of the keys had an entry in the identity map.
        rows: rows changed or removed, by export.
        by_hand: exports put into the directory by hand, which are not looked at.
        replacement: what stands for what; for the warehouse, never written down.
    """

    keys: int
    shared: frozenset[str]
    known: int
    rows: dict[str, int]
    by_hand: frozenset[str]
    replacement: erasure.Replacement


def reader_of(landing: Landing, export: str) -> erasure.Read:
    """Reads columns of the live parts of an export, part by part."""

    def read(columns: list[str]) -> Iterator[pa.Table]:
        for part in landing.parts(export):
            file = pq.ParquetFile(landing.path(part))
            yield file.read(columns=[name for name in columns if name in file.schema_arrow.names])

    return read


def look_up(landing: Landing, key: str) -> erasure.Person:
    """The person that a key belongs to, by what is landed.

    Raises:
        PrivacyError: when ``key`` is no key.
    """
    if not KEY.fullmatch(key):
        raise PrivacyError(f"{key}: no key of a person; one is like wm_ and 32 hexadecimal digits.")
    return erasure.find_person(key, load_contracts(), lambda export: reader_of(landing, export))


def erase(directory: Path, key: str, secret: Secret, *, delete_rows: bool = False) -> Erased:
    """Erase the person that a key belongs to.

    Args:
        directory: the landing directory.
        key: one of the person's keys.
        secret: the secret of the directory.
        delete_rows: take the rows out instead of making them nobody's; figures change.

    Raises:
        PrivacyError: when nothing is known of the key, or rows of a staff member are to be deleted.
        LandingError: when the directory cannot be changed.
    """
    if delete_rows and key.startswith("st_"):
        raise PrivacyError(
            f"{key}: rows of a staff member are rows of groups and customers too. Leave out --delete-rows."
        )
    contracts = load_contracts()
    with Landing.locked(directory, secret=secret.fingerprint) as landing, open_vault(secret, directory) as vault:
        person = look_up(landing, key)
        mine, everybody = erasure.find_traces(person, contracts, lambda export: reader_of(landing, export))
        new = erasure.draw(person, mine, everybody)
        known = _out_of_the_map(vault, person, key, _numbers(secret, mine))
        rows = _out_of_the_landing(landing, contracts, new, delete_rows)
        if not rows and not known:
            raise PrivacyError(f"{key}: neither landed in {directory} nor in the identity map; nothing to erase.")
        if rows:
            _note(directory / LEDGER, rows, "rows deleted" if delete_rows else "keys replaced")
        return Erased(len(person.keys), person.shared, known, rows, frozenset(landing.by_hand()), new)


def _numbers(secret: Secret, mine: Mapping[str, set[str]]) -> list[str]:
    """What the person's own documents are known by, so that another export of them does not land."""
    return [secret.number(kind, number) for kind in erasure.OWN for number in sorted(mine.get(kind, ()))]


def _out_of_the_map(vault: Vault, person: erasure.Person, key: str, numbers: list[str]) -> int:
    known = vault.erase([*sorted(person.keys | {key}), *numbers])
    vault.commit()
    return known


def _out_of_the_landing(
    landing: Landing, contracts: dict[str, Contract], new: erasure.Replacement, delete_rows: bool
) -> dict[str, int]:
    rows: dict[str, int] = {}
    with landing.rewrite() as change:
        for part in landing.parts():
            contract = contracts.get(part.export)
            if contract is None:
                continue
            table = landing.table(part)
            changed = (erasure.delete_rows if delete_rows else erasure.replace_rows)(table, contract, new)
            if changed is not None:
                rows[part.export] = rows.get(part.export, 0) + _differences(table, changed)
                change.replace(part, changed)
    return rows


def _differences(before: pa.Table, after: pa.Table) -> int:
    if before.num_rows != after.num_rows:
        return before.num_rows - after.num_rows
    return sum(old != new for old, new in zip(before.to_pylist(), after.to_pylist(), strict=True))


def _note(ledger: Path, rows: dict[str, int], how: str) -> None:
    """One line an erasure, without a key: that somebody was erased is to be shown, who it was is not."""
    is_new = not ledger.exists()
    with ledger.open("a", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        if is_new:
            writer.writerow(["erased_on", "rows", "exports", "how"])
        today = datetime.now(UTC) + timedelta(hours=8)
        writer.writerow([f"{today:%Y-%m-%d}", sum(rows.values()), len(rows), how])
