"""``kpi rekey``: another secret, and every key in the landing directory and the identity map made anew.

Three files have to change together: the secret, the identity map, the manifest of the landing directory. The new secret
and the new map are written beside the old ones, with ``.next`` behind their names; then the manifest is replaced, which
names the fingerprint of its secret; then the two take the places of the old ones. Killed before the manifest is
replaced, the old secret, map and directory still fit together and the ``.next`` files are ignored. Killed after it, the
fingerprint is that of the ``.next`` files, and whoever opens the directory next puts them into place (``settle``).
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from kpi.contracts import Contract, load_contracts
from kpi.ingest.landing import Landing, reached
from kpi.privacy import rewriting as rw
from kpi.privacy.keys import CONTENT, KEY, SECRET_TEXT, PrivacyError, Secret, next_of, write_private
from kpi.privacy.vault import Vault, open_vault

NEW_TEXT = "COMMUNITY_METRICS_NEW_SECRET"


@dataclass(frozen=True)
class Rekeyed:
    """What a change of the secret did.

    Attributes:
        known: number of keys made anew of their raw ids.
        unknown: keys whose raw id the identity map does not have, with their new ones: another file with the same
            person gives a third key.
        parts: number of landed parts that were written anew.
        secret_file: where the new secret lies; None when it came from the environment.
    """

    known: int
    unknown: dict[str, str]
    parts: int
    secret_file: Path | None


def new_secret(old: Secret) -> Secret:
    """The next secret: random, or ``COMMUNITY_METRICS_NEW_SECRET`` where the old one came from the environment.

    Raises:
        PrivacyError: when the old one came from the environment, where this process cannot change it.
    """
    if old.path is not None:
        return Secret(secrets.token_hex(32).encode(), old.path)
    text = os.environ.get(NEW_TEXT, "")
    if len(text) < 16 or text.encode() == old.value:
        raise PrivacyError(
            f"the secret is set in {SECRET_TEXT}, which no command can change. Set {NEW_TEXT} to the new one (another, "
            f"16 characters or more), run kpi rekey, then set {SECRET_TEXT} to it."
        )
    return Secret(text.encode())


class _Renamer:
    """New keys for old ones; each is made once."""

    def __init__(self, old: Vault, new: Secret) -> None:
        self._raw = {entry.key: entry for entry in old.entries()}
        self._new = new
        self.unknown: dict[str, str] = {}

    def key(self, key: str) -> str:
        if not KEY.fullmatch(key):
            return key
        if entry := self._raw.get(key):
            return self._new.key(entry.space, entry.raw)
        return self.unknown.setdefault(key, self._new.key(key[:2], f"rekeyed:{key}"))

    def content(self, content: str) -> str:
        return self._new.content(content) if CONTENT.fullmatch(content) else content


def rename_keys(
    table: pa.Table, contract: Contract, key: Callable[[str], str], content: Callable[[str], str]
) -> pa.Table:
    """A table with every key of a person and every content hash exchanged; what is neither stays."""
    for column in contract.columns:
        if column.name not in table.column_names:
            continue
        cells = table[column.name]
        if column.is_personal:
            cells = rw.map_cells(cells, contract, lambda cell: KEY.sub(lambda found: key(found[0]), cell))
        elif column.on_erasure == "renew":
            cells = rw.map_cells(cells, contract, content)
        else:
            continue
        table = rw.set_column(table, column.name, cells)
    return table


def rekey(directory: Path, old: Secret, new: Secret) -> Rekeyed:
    """Change the secret of a landing directory.

    Content hashes are hashed once more, as their texts are gone: equal ones stay equal, but the same text in a file
    ingested later has another hash.

    Raises:
        LandingError: when the directory belongs to another secret or cannot be changed.
    """
    contracts = load_contracts()
    with Landing.locked(directory, secret=old.fingerprint) as landing:
        with open_vault(old, directory) as vault:
            renamer, parts, place = _Renamer(vault, new), 0, vault.path
            with landing.rewrite() as change:
                for part in landing.parts():
                    table, contract = landing.table(part), contracts.get(part.export)
                    renamed = table if contract is None else rename_keys(table, contract, renamer.key, renamer.content)
                    if not renamed.equals(table):
                        change.replace(part, renamed)
                        parts += 1
                change.set_secret(new.fingerprint)
                known = _next_vault(vault, old, new)
                if old.path is not None:
                    next_of(old.path).unlink(missing_ok=True)
                    write_private(next_of(old.path), new.value + b"\n")
        reached("rekeyed")  # the manifest is replaced: from here on the new secret is the right one
        for path in filter(None, (old.path, place)):
            with contextlib.suppress(FileNotFoundError):  # somebody who opened the directory has done it
                next_of(path).replace(path)
            reached("moved")
    return Rekeyed(known, renamer.unknown, parts, new.path)


def _next_vault(vault: Vault, old: Secret, new: Secret) -> int:
    """Write the map of the new secret beside the old one; returned is the number of its entries."""
    place = next_of(vault.path)
    place.unlink(missing_ok=True)
    with Vault(place, new.fingerprint) as beside:
        beside.copy_graves(vault, old)
        beside.add_all(replace(entry, key=new.key(entry.space, entry.raw)) for entry in vault.entries())
        beside.commit()
        return len(beside)
