"""Values of JSON and XML as text, and units of a layout turned into those of the export."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

SCALE = {"epoch_s": 1, "epoch_ms": 1000, "yuan": 1, "fen": 100}
EPOCH_ANY = "epoch_any"
UNITS = (*SCALE, EPOCH_ANY)
_TEN_DIGITS = 10**11  # epoch seconds have ten digits until 2286, milliseconds thirteen since 2001


def as_text(value: Any) -> str:
    """A JSON value as it stands in the file: null is blank, true is ``true``, a list or object is JSON text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value)
    return json_text(value)


def json_text(value: Any) -> str:
    """A list or object as compact JSON text with sorted keys: equal for equal values."""
    try:
        return orjson.dumps(value, default=as_text, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a number of more than 64 bits, half of an emoji, or more levels than orjson writes
        pass
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=as_text)
    except RecursionError:
        return "nested too deeply"


def in_unit(text: str, unit: str, wanted: str) -> str:
    """A number of one unit in another: epoch_s, epoch_ms, epoch_any (by magnitude), yuan, fen.

    What is no number, and what would lose digits as fen, stays as it is: staging sets it aside, ingest doubts it.
    """
    if unit == wanted or not text:
        return text
    try:
        number = Decimal(text)
        if unit == EPOCH_ANY:
            unit = "epoch_s" if number < _TEN_DIGITS else "epoch_ms"
        if SCALE[unit] > SCALE[wanted]:
            number /= SCALE[unit] // SCALE[wanted]
            return str(int(number)) if wanted == "epoch_s" else format(number, "f")
        number *= SCALE[wanted] // SCALE[unit]
    except (InvalidOperation, OverflowError, ValueError):
        return text
    return str(int(number)) if number == number.to_integral_value() else text
