"""``kpi reidentify``: whom a key belongs to, for follow-up work, never without a trace.

Every look-up is a line of JSON in ``<identity map>.audit.jsonl`` beside the identity map, mode 0600, appended and on
disk before an answer is given: when (UTC), who (account, host), why, which keys, which were known. No raw id is in it.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kpi.privacy.keys import KEY, PrivacyError, Secret, guard_mode
from kpi.privacy.vault import Identity, open_vault


def audit_path(vault: Path) -> Path:
    """Where look-ups in an identity map are recorded."""
    return vault.with_name(f"{vault.name}.audit.jsonl")


def reidentify(keys: Sequence[str], reason: str, secret: Secret, landing: Path | None = None) -> dict[str, Identity]:
    """The entries of keys; those that are not known are missing.

    Args:
        keys: keys of persons.
        reason: why they are looked up; goes into the record.
        secret: the secret that the keys were made with.
        landing: the landing directory, if known, to be sure that the map does not lie in it.

    Raises:
        PrivacyError: without a reason, for what is no key, or when the record cannot be written: nothing is looked up.
    """
    if not reason.strip():
        raise PrivacyError("a look-up needs a reason (--reason TEXT); it is recorded beside the identity map.")
    if wrong := [key for key in keys if not KEY.fullmatch(key)]:
        raise PrivacyError(f"{wrong[0]}: no key of a person; one is like wm_ and 32 hexadecimal digits.")
    with open_vault(secret, landing) as vault:
        found = vault.find(keys)
        _record(audit_path(vault.path), keys, reason.strip(), found)
        return found


def _record(path: Path, keys: Sequence[str], reason: str, found: dict[str, Identity]) -> None:
    line = {
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "user": _user(),
        "host": socket.gethostname(),
        "reason": reason,
        "keys": list(keys),
        "found": sorted(found),
    }
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise PrivacyError(f"{path}: the look-up cannot be recorded ({error.strerror}), so it is not made.") from error
    guard_mode(path, "the record of look-ups")


def _user() -> str:
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in containers
        account = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    behind = os.environ.get("SUDO_USER")
    return f"{behind} as {account}" if behind else account
