"""Paths into JSON: ``response.items[].data.chat_total``.

``a.b`` is the key b of a, ``a[]`` every element of a list, ``a[0]`` one of them, ``a{}`` the JSON that a text holds.
"""

from __future__ import annotations

import re
from typing import Any

from kpi.ingest.exact import loads

EACH = object()
PARSED = object()
Step = Any  # a key (str), an index (int), EACH or PARSED
Steps = tuple[Step, ...]

_SEGMENT = re.compile(r"([^.\[\]{}]*)((?:\[\d*\]|\{\})*)")
_SUFFIX = re.compile(r"\[(\d*)\]|(\{\})")


class Missing:
    """What a path leads to when it leads nowhere, which is not null."""

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


def steps(path: str) -> Steps:
    """The steps of a path. Raises ValueError for one that is written wrongly."""
    found: list[Step] = []
    for segment in path.split("."):
        match = _SEGMENT.fullmatch(segment)
        if not match or not segment:
            raise ValueError(f"{path!r} is no path: keys joined by dots, each with [], [0] or {{}} behind it")
        if match[1]:
            found.append(match[1])
        for index, parsed in _SUFFIX.findall(match[2]):
            found.append(PARSED if parsed else int(index) if index else EACH)
    return tuple(found)


def get(value: Any, path: Steps) -> Any:
    """What a path leads to from a value: MISSING where it leads nowhere; a list after ``[]``."""
    for position, step in enumerate(path):
        if type(step) is str:  # most steps by far
            value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
        elif step is EACH:
            if not isinstance(value, list):
                return MISSING
            rest = path[position + 1 :]
            found = [get(element, rest) for element in value]
            return [item for item in found if item is not MISSING]
        elif step is PARSED:
            value = parsed(value)
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else MISSING
        if value is MISSING:
            return MISSING
    return value


def parsed(value: Any) -> Any:
    """JSON text parsed; an object or list stays (documented once as text, once as object); MISSING for another."""
    if isinstance(value, (dict, list)):
        return value
    if not isinstance(value, str):
        return MISSING
    try:
        return loads(value)
    except ValueError:
        return MISSING


def is_there(value: Any, path: Steps, may_be_empty: bool = True) -> bool:
    """Whether a path leads somewhere. Elements of an empty list may be there: an empty reply is a reply."""
    for position, step in enumerate(path):
        if step is EACH:
            rest = path[position + 1 :]
            if not isinstance(value, list):
                return False
            return any(is_there(element, rest, may_be_empty) for element in value) if value else may_be_empty
        value = get(value, (step,))
        if value is MISSING:
            return False
    return True
