"""JSON parsed fast, and exactly: ids of 21 digits stay whole, 60.10 keeps its zero."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import orjson

# a number that orjson would turn into a double: more than 18 digits, or with a fraction or exponent
_INEXACT = re.compile(rb"[\d][.eE][\d+-]|\d{19}")
_INEXACT_TEXT = re.compile(r"[\d][.eE][\d+-]|\d{19}")


def loads(text: bytes | str) -> Any:
    """The value of a JSON text; fractions as Decimal where it holds any.

    Raises:
        ValueError: It is no JSON, nested too deeply, or holds NaN or Infinity.
    """
    inexact = _INEXACT.search(text) if isinstance(text, bytes) else _INEXACT_TEXT.search(text)
    if inexact is None:
        return orjson.loads(text)
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("nested too deeply, or a number out of bounds") from error


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
