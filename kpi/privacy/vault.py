"""The identity map: which raw id a key was made of. One SQLite file, apart from all data, for its owner only.

Writing is one transaction that the caller commits just before the landing manifest is replaced. Killed before, the
map is as it was. Killed between the two, it knows some ids more than are landed; the next run finds them there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from kpi.privacy.keys import APP, PrivacyError, Secret, guard_mode, guard_path, next_of, write_private

PLACE = "COMMUNITY_METRICS_IDENTITIES"
BATCH = 20_000
TABLES = """
create table if not exists about (name text primary key, value text not null) without rowid;
create table if not exists identities (
    key text primary key, space text not null, raw text not null, first_seen_file text not null,
    first_seen_at text not null
) without rowid;
create table if not exists erased (key_hash text primary key, erased_at text not null) without rowid;
create table if not exists retired_secrets (fingerprint text primary key, value blob not null) without rowid;
"""


@dataclass(frozen=True)
class Identity:
    """One entry of the map; ``first_seen_at`` is UTC, ``YYYY-MM-DD HH:MM:SS``."""

    key: str
    space: str
    raw: str
    first_seen_file: str
    first_seen_at: str


def vault_path() -> Path:
    """Where the map lies: ``COMMUNITY_METRICS_IDENTITIES``, else the user's data directory."""
    named = os.environ.get(PLACE)
    return Path(named) if named else Path(platformdirs.user_data_dir(APP)) / "identities.sqlite"


def hash_of(key: str) -> str:
    """What is kept of an erased key: enough to know it again."""
    return hashlib.sha256(f"erased:{key}".encode()).hexdigest()


class Vault:
    """An open identity map. Use as a context manager: what was not committed is gone at its end.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, fingerprint: str | None) -> None:
        """Open or create the map at ``path``; use ``open_vault``, which looks whether it may lie there.

        Without a ``fingerprint`` it is not asked which secret it belongs to.

        Raises:
            PrivacyError: when others may read it, it is not a map, or it was made with another secret.
        """
        self.path = path
        write_private(path, b"")
        guard_mode(path, "the identity map")
        self._waiting: dict[str, tuple[str, str, str, str, str]] = {}
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._db.execute("pragma journal_mode = delete")  # no second file that outlives the process
            self._db.execute("pragma secure_delete = on")  # what is erased is overwritten, not only unlinked
            self._db.executescript(TABLES)
            if fingerprint is not None:
                self._belongs_to(fingerprint)
            self._graves = {row[0] for row in self._db.execute("select key_hash from erased")}
            self._retired = [Secret(row[0]) for row in self._db.execute("select value from retired_secrets")]
        except sqlite3.DatabaseError as error:
            raise PrivacyError(
                f"{path}: the identity map cannot be used ({error}). Is another kpi command at work? "
                f"Otherwise set {PLACE} to the right file."
            ) from error

    def _belongs_to(self, fingerprint: str) -> None:
        self._db.execute("insert or ignore into about values ('fingerprint', ?)", (fingerprint,))
        if self.fingerprint != fingerprint:
            raise PrivacyError(
                f"{self.path}: the identity map belongs to another secret (its fingerprint is {self.fingerprint}, the "
                f"secret's {fingerprint}). Use the secret of this project, or set {PLACE} to the map of this secret."
            )

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the secret that the keys were made with."""
        row = self._db.execute("select value from about where name = 'fingerprint'").fetchone()
        return row[0] if row else ""

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget what was not committed and close the file."""
        self._waiting.clear()
        if self._db.in_transaction:
            self._db.rollback()
        self._db.close()

    def add(self, key: str, space: str, raw: str, source_file: str = "") -> None:
        """Remember whom a key belongs to; the first file that shows it stays noted."""
        if key not in self._waiting:
            self._waiting[key] = (key, space, raw, source_file, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}")
            if len(self._waiting) >= BATCH:
                self._write()

    def add_all(self, entries: Iterable[Identity]) -> None:
        """Remember entries as they are."""
        self._begin()
        rows = ((e.key, e.space, e.raw, e.first_seen_file, e.first_seen_at) for e in entries)
        self._db.executemany("insert or ignore into identities values (?, ?, ?, ?, ?)", rows)

    def commit(self) -> None:
        """Make what was added and removed last."""
        self._write()
        if self._db.in_transaction:
            self._db.execute("commit")

    def __len__(self) -> int:
        self._write()
        return self._db.execute("select count(*) from identities").fetchone()[0]

    def find(self, keys: Iterable[str]) -> dict[str, Identity]:
        """The entries of those of ``keys`` that are known."""
        self._write()
        found = {}
        for key in keys:
            row = self._db.execute("select * from identities where key = ?", (key,)).fetchone()
            if row:
                found[key] = Identity(*row)
        return found

    def entries(self) -> Iterator[Identity]:
        """All entries, by key."""
        self._write()
        yield from (Identity(*row) for row in self._db.execute("select * from identities order by key"))

    def forget(self, keys: Iterable[str]) -> int:
        """Remove entries, without a trace that the persons were erased.

        Returns:
            How many there were.
        """
        self._begin()
        before = self._db.total_changes
        self._db.executemany("delete from identities where key = ?", ((key,) for key in keys))
        return self._db.total_changes - before

    @property
    def has_graves(self) -> bool:
        """Whether anybody was erased."""
        return bool(self._graves)

    def erase(self, keys: Iterable[str]) -> int:
        """Remove entries and keep a hash of each key, so that the person stays out when a file comes again.

        Returns:
            How many entries there were; a key without an entry is kept out all the same.
        """
        keys = list(keys)
        removed = self.forget(keys)
        graves = [(hash_of(key), f"{datetime.now(UTC):%Y-%m-%d}") for key in keys]
        self._db.executemany("insert or ignore into erased values (?, ?)", graves)
        self._graves.update(grave for grave, _ in graves)
        return removed

    def is_erased(self, key: str) -> bool:
        """Whether the person of this key, made with the present secret, was erased."""
        return bool(self._graves) and hash_of(key) in self._graves

    def is_erased_id(self, space: str, raw: str, key: str) -> bool:
        """Whether the person of a raw id was erased, be it before the secret was changed."""
        if not self._graves:
            return False
        return self.is_erased(key) or any(self.is_erased(old.key(space, raw)) for old in self._retired)

    def copy_graves(self, other: Vault, secret: Secret) -> None:
        """Take over who was erased from the map of an earlier ``secret``, which is needed to know them again."""
        graves = other._db.execute("select * from erased").fetchall()
        if not graves:
            return
        self._begin()
        self._db.executemany("insert or ignore into erased values (?, ?)", graves)
        retired = [(old.fingerprint, old.value) for old in (*other._retired, secret)]
        self._db.executemany("insert or ignore into retired_secrets values (?, ?)", retired)

    def _begin(self) -> None:
        self._write()
        if not self._db.in_transaction:
            self._db.execute("begin immediate")

    def _write(self) -> None:
        if not self._waiting:
            return
        if not self._db.in_transaction:
            self._db.execute("begin immediate")
        rows = self._waiting.values()
        self._db.executemany("insert or ignore into identities values (?, ?, ?, ?, ?)", rows)
        self._waiting.clear()


def open_vault(secret: Secret, landing: Path | None = None, path: Path | None = None) -> Vault:
    """Open the identity map of a secret, created on first use.

    Args:
        secret: what its keys are made with.
        landing: the landing directory that it may not lie in.
        path: the file; ``vault_path()`` when omitted.

    Raises:
        PrivacyError: when it may not lie there or cannot be used.
    """
    place = guard_path(path or vault_path(), landing, "the identity map")
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if next_of(place).exists():  # kpi rekey was killed: the map that is waiting is right if the secret is already new
        with Vault(next_of(place), None) as waiting:
            is_right = waiting.fingerprint == secret.fingerprint
        if is_right:
            next_of(place).replace(place)
    return Vault(place, secret.fingerprint)
