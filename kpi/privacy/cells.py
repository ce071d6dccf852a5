"""Cells of spreadsheets: what looks like a formula stays a text."""

from __future__ import annotations

import re
from typing import Any

_RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?([eE][+-]?\d+)?%?")


def safe_cell(value: Any) -> Any:
    """A value for a CSV file that people open in a spreadsheet.

    A text that begins with ``= + - @``, their full-width forms, a tab or a carriage return would be run as a formula;
    it gets an apostrophe in front. Numbers, also negative ones written as text, and everything but text stay.
    """
    if isinstance(value, str) and value.lstrip(" ").startswith(_RISKY) and not _NUMBER.fullmatch(value.strip(" ")):
        return f"'{value}"
    return value
