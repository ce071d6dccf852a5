"""Which layouts come nearest to records that none fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kpi.ingest.layouts import RecordLayout
from kpi.ingest.paths import is_there
from kpi.ingest.rows import Nearest

SHOWN = 3


def nearest(calls: Sequence[dict[str, Any]], layouts: Sequence[RecordLayout]) -> tuple[Nearest, ...]:
    """The layouts with the largest share of required paths, at least one; what is missing, and what they do not know.

    Args:
        calls: Records as recorded calls.
        layouts: Those of the right kind.
    """
    found: list[tuple[float, Nearest]] = []
    for layout in layouts:
        for call in calls:
            missing = tuple(
                name
                for name, path in zip(layout.required_paths, layout.requires, strict=True)
                if not is_there(call, path)
            )
            share = 1 - len(missing) / len(layout.requires)
            if share > 0:
                element = next((stack[-1] for stack in layout.stacks(call)), None)
                element = element if layout.fans_out else call["response"]
                found.append((share, Nearest(layout.export, layout.name, missing, layout.unknown(element))))
    best: dict[tuple[str, str], tuple[float, Nearest]] = {}
    for share, near in found:
        place = (near.export, near.layout)
        if place not in best or share > best[place][0]:
            best[place] = (share, near)
    ranked = sorted(best.values(), key=lambda item: (-item[0], len(item[1].missing), item[1].export))
    return tuple(near for _, near in ranked[:SHOWN])
