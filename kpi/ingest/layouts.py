"""Layouts: how original files of an export look, read from the contracts and checked.

What all kinds share is here and in ``raw_layouts``; ``kpi/contracts/README.md`` documents the language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kpi.contracts import Contract

KINDS = ("table", "json", "xml")
KNOWN_FROM = ("OFF", "SDK", "REAL", "3P", "own")


class LayoutError(ValueError):
    """A layout in a contract that cannot be used; the message names export, layout and what to write."""


def raw_layouts(contracts: Mapping[str, Contract], *kinds: str) -> Iterator[tuple[Contract, dict[str, Any]]]:
    """Every layout of these kinds with its contract, in the order of the exports.

    Raises:
        LayoutError: No name, or a kind or ``known_from`` that does not exist.
    """
    for _, contract in sorted(contracts.items()):
        for raw in contract.layouts:
            name = raw.get("name")
            if not name:
                raise LayoutError(f"{contract.export}: a layout has no name")
            if raw.get("kind") not in KINDS:
                raise LayoutError(f"{contract.export}, {name}: kind is {raw.get('kind')!r}, not one of {KINDS}")
            if raw.get("known_from") not in KNOWN_FROM:
                raise LayoutError(f"{contract.export}, {name}: known_from is not one of {KNOWN_FROM}")
            if raw["kind"] in kinds:
                yield contract, raw
