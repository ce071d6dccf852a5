"""JSON parsed fast, and exactly: ids of 21 digits stay whole, 60.10 keeps its zero."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import orjson

# A number that orjson would turn into a double: more than 18 digits, or with a fraction or exponent. The first pattern
# is cheap and also finds ids in quotes; only where it does the second looks for numbers behind a comma, colon, bracket.
_MAYBE = r"\d[.eE][\d+-]|\d{19}"
_NUMBER = r"(?:^|[:,\[])\s*-?(?:\d{19}|\d+[.eE])"
_BYTES = re.compile(_MAYBE.encode()), re.compile(_NUMBER.encode())
_TEXT = re.compile(_MAYBE), re.compile(_NUMBER)


def loads(text: bytes | str) -> Any:
    """The value of a JSON text; fractions as Decimal where it holds any.

    Raises:
        ValueError: It is no JSON, nested too deeply, or holds NaN or Infinity.
    """
    maybe, number = _BYTES if isinstance(text, bytes) else _TEXT
    if not maybe.search(text) or not number.search(text):
        return orjson.loads(text)
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("nested too deeply, or a number out of bounds") from error


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
