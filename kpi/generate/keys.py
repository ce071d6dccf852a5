"""Pseudonymous person keys and content hashes.

A key is ``<prefix>_`` + the first 32 hex digits of HMAC-SHA256(secret, "<space>:<raw id>"). Raw ids
are running numbers here, there is nobody behind them. Prefixes: wm external customer, wb bot, st
staff, un unionid, op openid, ph phone.
"""

from __future__ import annotations

import hmac
import re

import numpy as np
import pyarrow as pa

SPACES = ("wm", "wb", "st", "un", "op", "ph")
KEY_PATTERN = re.compile(r"(?:wm|wb|st|un|op|ph)_[0-9a-f]{32}")
CONTENT_PATTERN = re.compile(r"ct_[0-9a-f]{16}")

_HEX = np.array([list(f"{i:02x}".encode()) for i in range(256)], dtype=np.uint8)


class Keys:
    """Makes keys with one secret per seed."""

    def __init__(self, seed: int) -> None:
        self._secret = f"community-metrics synthetic exports, seed {seed}".encode()

    def key(self, space: str, raw: int | str) -> str:
        """Key of one raw id. Raises KeyError for an unknown space."""
        if space not in SPACES:
            raise KeyError(space)
        digest = hmac.digest(self._secret, f"{space}:{raw}".encode(), "sha256")
        return f"{space}_{digest[:16].hex()}"

    def many(self, space: str, n: int) -> list[str]:
        """Keys of the raw ids 0..n-1."""
        return [self.key(space, i) for i in range(n)]


def mix64(x: np.ndarray) -> np.ndarray:
    """splitmix64 finaliser, elementwise; uint64 in, uint64 out, a bijection."""
    z = x.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


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
