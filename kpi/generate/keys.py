"""Pseudonymous person keys and content hashes.

A key is ``<prefix>_`` + the first 32 hex digits of HMAC-SHA256(secret, "<space>:<raw id>"). Raw ids
are made from running numbers (raw_ids.py), there is nobody behind them. Prefixes: wm external
customer, wb bot, st staff, un unionid, op openid, ph phone.
"""

from __future__ import annotations

import hmac
import re

import numpy as np
import pyarrow as pa

from kpi.generate.raw_ids import SPACES, mix64, raw_id, raw_ids

__all__ = ["CONTENT_PATTERN", "KEY_PATTERN", "SPACES", "Keys", "content_keys", "digits", "fixed_strings", "mix64"]

KEY_PATTERN = re.compile(r"(?:wm|wb|st|un|op|ph)_[0-9a-f]{32}")
CONTENT_PATTERN = re.compile(r"ct_[0-9a-f]{16}")

_HEX = np.array([list(f"{i:02x}".encode()) for i in range(256)], dtype=np.uint8)


def secret_of(seed: int) -> str:
    """Secret of the synthetic exports of a seed; whoever ingests their original files needs it."""
    return f"community-metrics synthetic exports, seed {seed}"


class Keys:
    """Makes keys with one secret per seed.

    With ``remember`` it keeps who is behind each key it made: ``people`` maps a key to (raw id,
    running number or text). Only the writers of original files ask for that.
    """

    def __init__(self, seed: int, remember: bool = False) -> None:
        self.seed = seed
        self.people: dict[str, tuple[str, int | str]] = {}
        self._secret = secret_of(seed).encode()
        self._remember = remember

    def key(self, space: str, number: int | str) -> str:
        """Key of one running number (or text). Raises KeyError for an unknown space."""
        if space not in SPACES:
            raise KeyError(space)
        raw = raw_id(space, number, self.seed)
        key = self._of(space, raw)
        if self._remember:
            self.people[key] = (raw, number)
        return key

    def many(self, space: str, n: int) -> list[str]:
        """Keys of the running numbers 0..n-1."""
        raws = raw_ids(space, np.arange(n), self.seed)
        keys = [self._of(space, raw) for raw in raws]
        if self._remember:
            self.people.update(zip(keys, zip(raws, range(n), strict=True), strict=True))
        return keys

    def content(self, stable: str) -> str:
        """``ct_`` + 16 hex digits of HMAC-SHA256(secret, "ct:<what makes the content>")."""
        return f"ct_{hmac.digest(self._secret, f'ct:{stable}'.encode(), 'sha256')[:8].hex()}"

    def _of(self, space: str, raw: str) -> str:
        return f"{space}_{hmac.digest(self._secret, f'{space}:{raw}'.encode(), 'sha256')[:16].hex()}"


def fixed_strings(rows: np.ndarray) -> pa.Array:
    """String array from an (n, width) uint8 array of ASCII codes, without a Python loop."""
    n, width = rows.shape
    data = np.ascontiguousarray(rows)
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def content_keys(ids: np.ndarray) -> pa.Array:
    """``ct_`` + 16 hex digits for content ids (uint64, any shape (n,)); equal ids, equal keys."""
    raw = mix64(ids).astype(">u8").view(np.uint8).reshape(-1, 8)
    rows = np.empty((raw.shape[0], 19), dtype=np.uint8)
    rows[:, :3] = np.frombuffer(b"ct_", dtype=np.uint8)
    rows[:, 3:] = _HEX[raw].reshape(-1, 16)
    return fixed_strings(rows)


def digits(values: np.ndarray, width: int) -> np.ndarray:
    """(n, width) ASCII decimal digits of non-negative integers, zero padded, high digits cut."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    out = (values.astype(np.int64)[:, None] // powers[None, :]) % 10 + 48
    return out.astype(np.uint8)
