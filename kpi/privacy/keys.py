"""The secret of a project, and the keys of persons and contents that are made with it.

A key is ``<space>_`` + the first 32 hex digits of HMAC-SHA256(secret, ``<space>:<raw id>``). Whoever has the secret
can try out all phone numbers, so it lies outside of the project and of the landed data, readable by its owner only.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from kpi.privacy.vault import Vault

APP = "community-metrics"
SECRET_TEXT = "COMMUNITY_METRICS_SECRET"  # the names of environment variables, no secrets
SECRET_FILE = "COMMUNITY_METRICS_SECRET_FILE"
NUMBER = "no"  # with a kind of number in place of a space: numbers of persons who were erased
SPACES = ("wm", "wb", "st", "un", "op", "ph")
KEY = re.compile(r"(?:wm|wb|st|un|op|ph)_[0-9a-f]{32}")
CONTENT = re.compile(r"ct_[0-9a-f]{16}")
SHORTEST = 16
CACHED = 1 << 17
_PHONE = re.compile(r"(?:(?:00)?86)?(1[0-9]{10})")


class PrivacyError(Exception):
    """What keeps keys, texts or the identity map from being used, and what to do about it."""


@dataclass(frozen=True)
class Secret:
    """What keys are made with. Its value is never printed.

    Attributes:
        value: the bytes.
        path: the file it came from; None when it came from the environment.
    """

    value: bytes = field(repr=False)
    path: Path | None = None
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # a copy of a keyed state costs two thirds of what hmac.digest does, and texts come by the million
        object.__setattr__(self, "_keyed", hmac.new(self.value, digestmod="sha256"))

    def _digest(self, text: str) -> bytes:
        state = self._keyed.copy()
        state.update(text.encode())
        return state.digest()

    @property
    def fingerprint(self) -> str:
        """32 hex digits that tell two secrets apart and lead to neither."""
        return self._digest("community-metrics fingerprint")[:16].hex()

    def key(self, space: str, raw: str) -> str:
        """Key of a raw id as it stands; see ``Pseudonymiser`` for ids of files."""
        return f"{space}_{self._digest(f'{space}:{raw}')[:16].hex()}"

    def number(self, kind: str, number: str) -> str:
        """What an order, message or coupon number of an erased person is known by; it is in no data."""
        return self.key(f"{NUMBER}-{kind}", number)

    def content(self, text: str) -> str:
        """Key of a content: ``ct_`` and 16 hex digits."""
        return f"ct_{self._digest(f'ct:{text}')[:8].hex()}"


def projects_above(*places: Path) -> Iterator[Path]:
    """The dbt projects that hold one of ``places``, this checkout first if it is one."""
    for place in (Path(__file__).parent, *places):
        for folder in (place.resolve(), *place.resolve().parents):
            if (folder / "dbt_project.yml").exists():
                yield folder
                break


def landings_above(place: Path) -> Iterator[Path]:
    """The landing directories that hold a place, told by their manifest, whether or not somebody names them."""
    for folder in place.parents:
        if (folder / "landed.json").exists():
            yield folder


def guard_path(path: Path, landing: Path | None, what: str) -> Path:
    """Refuse a place for a secret where it would travel with the data it protects.

    Args:
        path: where ``what`` lies or will lie.
        landing: the landing directory, if there is one.
        what: its name in the message.

    Returns:
        The path, links followed.

    Raises:
        PrivacyError: when it lies inside of a dbt project or of the landing directory.
    """
    real = path.expanduser().resolve()
    for name, folder in [("the project", found) for found in projects_above(Path.cwd())] + [
        ("the landing directory", folder)
        for folder in (*([landing.resolve()] if landing is not None else ()), *landings_above(real))
    ]:
        if real.is_relative_to(folder):
            raise PrivacyError(
                f"{real}: {what} lies inside of {name} {folder}, where it is copied and shared with the data that it "
                "protects. Move it out, for example into your home directory."
            )
    return real


def guard_mode(path: Path, what: str) -> None:
    """Refuse a file that others than its owner may read or write; not known on Windows, not asked there."""
    if os.name == "posix" and (mode := path.stat().st_mode & 0o777) & 0o077:
        raise PrivacyError(f"{path}: {what} may be read by others (mode {mode:04o}). Run: chmod 600 {path}")


def default_secret_path() -> Path:
    """Where the secret lies when nobody says where."""
    return Path(platformdirs.user_config_dir(APP)) / "secret"


def write_private(path: Path, content: bytes) -> bool:
    """Write a new file, mode 0600, whole or not at all.

    Returns:
        False when there is such a file already; it is left as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path)  # unlike a rename, it fails when somebody else was first
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def next_of(path: Path) -> Path:
    """Where ``kpi rekey`` keeps the file that will take the place of ``path``."""
    return path.with_name(f"{path.name}.next")


def settle(path: Path, landing: Path) -> None:
    """Finish a change of the secret that was killed after it had become valid, see ``kpi.privacy.rekey``."""
    from kpi.ingest.manifest import read_manifest  # only then

    waiting = next_of(path)
    manifest = read_manifest(landing) if waiting.exists() else None
    if manifest is not None and manifest.secret == read_secret(waiting).fingerprint:
        waiting.replace(path)


def read_secret(path: Path) -> Secret:
    """The secret in a file: its bytes without a line end.

    Raises:
        PrivacyError: when there is no such file, others may read it, or it is too short.
    """
    try:
        guard_mode(path, "the secret")
        value = path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise PrivacyError(f"{path}: the secret cannot be read ({error.strerror}).") from error
    return _long_enough(Secret(value, path), str(path))


def _long_enough(secret: Secret, origin: str) -> Secret:
    if len(secret.value) < SHORTEST:
        raise PrivacyError(
            f"{origin}: the secret has {len(secret.value)} bytes, at least {SHORTEST} are needed so that it cannot be "
            "tried out. Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return secret


def load_secret(landing: Path | None = None, *, create: bool = True) -> Secret:
    """The secret, from the first that is set: ``COMMUNITY_METRICS_SECRET`` (the text itself),
    ``COMMUNITY_METRICS_SECRET_FILE``, the file in the user's configuration directory.

    Args:
        landing: the landing directory that the secret may not lie in.
        create: make the default file when there is none; a file that is named must exist.

    Raises:
        PrivacyError: when it cannot be had, or lies or is readable where it should not.
    """  # noqa: D205
    if text := os.environ.get(SECRET_TEXT):
        return _long_enough(Secret(text.encode()), SECRET_TEXT)
    named = os.environ.get(SECRET_FILE)
    path = guard_path(Path(named) if named else default_secret_path(), landing, "the secret")
    if landing is not None:
        settle(path, landing)
    if not named and create and not path.exists():
        write_private(path, f"{secrets.token_hex(32)}\n".encode())
    return read_secret(path)


def normal_phone(raw: str) -> str | None:
    """The 11 digits of a mobile number of mainland China; None for a masked or unreadable one.

    Everything but digits is dropped, then a leading 86 or 0086; ``13800138000.0`` is what spreadsheets make of it.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    whole, point, rest = text.rpartition(".")
    if point and whole and not rest.strip("0"):
        text = whole
    if "*" in text:
        return None
    found = _PHONE.fullmatch("".join(c for c in text if c.isdecimal()))
    return found[1] if found else None


def space_of(raw: str, space: str = "auto") -> str:
    """Space of an id that may be anybody's: wm, wo customer, wb bot, else staff; ``auto_un``: o is a unionid."""
    if space == "auto_un" and raw.startswith("o"):
        return "un"
    return {"wm": "wm", "wo": "wm", "wb": "wb"}.get(raw[:2], "st")


class Pseudonymiser:
    """Makes keys of raw ids, and remembers in the vault whom they belong to.

    Attributes:
        source_file: file that is read now; noted beside ids that are seen for the first time.
        masked: how many phone cells gave no key so far.
        erased: how many cells gave no key so far because their person was erased (``kpi erase``).
    """

    def __init__(self, secret: Secret, vault: Vault | None = None) -> None:
        """Make keys with ``secret``; without a vault nobody is remembered and nobody known to be erased."""
        self.source_file = ""
        self.masked = self.erased = 0
        self._secret = secret
        self._vault = vault
        # the same persons come again and again; a bound method would keep every Pseudonymiser in a shared cache
        self._known = lru_cache(maxsize=CACHED)(self._look_up)

    def key(self, space: str, raw: str) -> str | None:
        """Key of a raw id, trimmed, case kept.

        Args:
            space: wm, wb, st, un, op, ph, or auto, auto_un (``space_of``).
            raw: the id as the file has it.

        Returns:
            None for a blank id, for a phone that ``phone`` does not take, and for a person who was erased: leave the
            cell blank. ``masked`` and ``erased`` count the last two.

        Raises:
            KeyError: for an unknown space.
        """
        if space == "ph":
            return self.phone(raw)
        raw = raw.strip()
        if space in ("auto", "auto_un"):
            space = space_of(raw, space)
        elif space not in SPACES:
            raise KeyError(space)
        return self._count(self._known(space, raw)) if raw else None

    def phone(self, raw: str) -> str | None:
        """Key of a phone number in any of its spellings, see ``normal_phone``; None as in ``key``."""
        number = normal_phone(raw)
        if number is None:
            self.masked += bool(raw.strip())
            return None
        return self._count(self._known("ph", number))

    @property
    def knows_erased(self) -> bool:
        """Whether anybody was erased."""
        return self._vault is not None and self._vault.has_graves

    def is_erased_number(self, kind: str, number: str) -> bool:
        """Whether an order, message or coupon number led to a person who was erased."""
        key = self._secret.number(kind, number)
        return self._vault is not None and self._vault.is_erased_id(f"{NUMBER}-{kind}", number, key)

    def content(self, normalised_text: str) -> str:
        """Key of a content, ``ct_`` and 16 hex digits: equal for equal contents, and not to be turned back."""
        return self._secret.content(normalised_text)

    def _count(self, key: str | None) -> str | None:
        self.erased += key is None
        return key

    def _look_up(self, space: str, raw: str) -> str | None:
        key = self._secret.key(space, raw)
        if self._vault is None:
            return key
        if self._vault.is_erased_id(space, raw, key):
            return None
        self._vault.add(key, space, raw, self.source_file)
        return key
