"""Raw ids as the platforms write them, made from running numbers.

Nobody is behind them. Every function is one to one within its space and needs no table, so it serves
twenty million people: a mixed number is written in the alphabet of the platform. What is no running
number (a text such as ``out12``, somebody whom no group knows) becomes a number above all of them.
"""

from __future__ import annotations

import zlib

import numpy as np

SPACES = ("wm", "wb", "st", "un", "op", "ph")

_GOLDEN, _WORD = 0x9E3779B97F4A7C15, 2**64 - 1
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODES = np.frombuffer(_ALPHABET, dtype=np.uint8)
# ids of one company begin alike: kind, then the company's part
_HEAD = {"wm": b"wmKpqDEAAA", "wb": b"wbKpqDEAAA", "un": b"o6_bmj", "op": b"oXq7t5"}
_SALT = {"wm": 0x11, "wb": 0x22, "un": 0x33, "op": 0x44}

_NETWORKS = ("199", "170", "198", "171", "166", "191", "190", "165", "167", "162")
_PER_NETWORK = 10**8
_STRANGERS = 9 * 10**8  # numbers of people outside begin here: the last network

SURNAMES = (
    "wang", "li", "zhang", "liu", "chen", "yang", "zhao", "huang", "zhou", "wu", "xu", "sun", "hu", "zhu", "gao",
    "lin", "he", "guo", "ma", "luo",
)  # fmt: skip
GIVEN = (
    "wei", "fang", "na", "min", "jing", "qiang", "lei", "yang", "yan", "jie", "juan", "tao", "ming", "chao",
    "xiulan", "xia", "ping", "gang", "guiying", "dan", "meng", "xue", "yuting",
)  # fmt: skip
_STAFF = len(SURNAMES) * len(GIVEN)


def mix64(x: np.ndarray) -> np.ndarray:
    """splitmix64 finaliser, elementwise; uint64 in, uint64 out, a bijection."""
    z = x.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def number_of(raw: int | str) -> int:
    """Running number of a raw id of the simulation; a text such as ``out12`` gets one above 2**40."""
    if isinstance(raw, int):
        return raw
    stem = raw.rstrip("0123456789")
    tail = raw[len(stem) :]
    return (zlib.crc32(stem.encode()) << 32 | int(tail or 0)) + 2**40


def raw_ids(space: str, numbers: np.ndarray, seed: int) -> list[str]:
    """Raw ids of running numbers, in order.

    space: one of ``SPACES``. numbers: (n,) non-negative integers. seed: of the run, moves what looks
    random. Raises KeyError for an unknown space.
    """
    if space == "st":
        return [_staff(int(i)) for i in numbers]
    if space == "ph":
        return [_phone(int(i), seed) for i in numbers]
    head = _HEAD[space]
    width = len(head) + 22
    turn = np.uint64((seed * _GOLDEN + (_SALT[space] << 56)) & _WORD)
    first = mix64(np.asarray(numbers, dtype=np.uint64) ^ turn)
    second = mix64(first)
    shifts = np.arange(11, dtype=np.uint64) * np.uint64(6)
    digits = np.concatenate([first[:, None] >> shifts, second[:, None] >> shifts], axis=1) & np.uint64(63)
    out = np.empty((len(first), width), dtype=np.uint8)
    out[:, : len(head)] = np.frombuffer(head, dtype=np.uint8)
    out[:, len(head) :] = _CODES[digits.astype(np.intp)]
    text = out.tobytes().decode("ascii")
    return [text[i : i + width] for i in range(0, len(text), width)]


def raw_id(space: str, raw: int | str, seed: int) -> str:
    """Raw id of one running number (or text, see ``number_of``)."""
    number = number_of(raw)
    if space == "ph":
        return _phone(_STRANGERS + number % _PER_NETWORK if number >= _STRANGERS else number, seed)
    if space == "st":
        return _staff(number)
    first = _mixed(number ^ (seed * _GOLDEN + (_SALT[space] << 56)) & _WORD)
    value, digits = first, []
    for k in range(22):
        if k == 11:
            value = _mixed(first)
        digits.append(value & 63)
        value >>= 6
    return (_HEAD[space] + bytes(_ALPHABET[d] for d in digits)).decode("ascii")


def _mixed(x: int) -> int:
    """``mix64`` of one number."""
    z = (x + _GOLDEN) & _WORD
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _WORD
    return z ^ (z >> 31)


def _phone(number: int, seed: int) -> str:
    """Mobile number of 11 digits; numbers of one network are permuted, networks follow each other."""
    network, within = divmod(number, _PER_NETWORK)
    return f"{_NETWORKS[network]}{(within * 61_803_399 + seed * 7_919 + 20_260_519) % _PER_NETWORK:08d}"


def _staff(number: int) -> str:
    """Account of a member of staff: a name in pinyin, numbered when all names are taken."""
    turn, name = divmod(number, _STAFF)
    given, surname = divmod(name * 187 % _STAFF, len(SURNAMES))
    return f"{SURNAMES[surname]}{GIVEN[given]}" + (f"{turn + 1:02d}" if turn else "")
