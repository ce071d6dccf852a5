"""The primary keys of tables, as the data tests of the project say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEST = "has_key"
FIRST = "_key_is_unique"  # ends the name of the test of a table's own key, where it has other unique columns too


def with_keys(nodes: Mapping[str, Any]) -> dict[str, Any]:
    """The nodes of dbt's manifest, each table with the columns of its key as ``primary_key``.

    dbt infers that list from its own tests ``unique`` and ``not_null`` only. Where it did, its list stays.

    Args:
        nodes: ``nodes`` of the manifest; not changed.
    """
    keys: dict[str, list[str]] = {}
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        table = node.get("attached_node")
        if test.get("name") == TEST and table and (table not in keys or node["name"].endswith(FIRST)):
            keys[table] = list(test["kwargs"]["columns"])
    return {
        name: node | {"primary_key": node.get("primary_key") or keys[name]} if name in keys else node
        for name, node in nodes.items()
    }
