"""Which tables ``kpi publish`` leaves out unless they are asked for.

It is decided by what dbt and the exports say of a table and by its values, never by a list kept by hand. Left out are

* **persons**: a table with keys of persons, looked up in the values, or with an entity (dbt's semantic models) that
  holds keys in any table. A dimension (``dim_...``) whose keys are an attribute, not what its rows are unique by (the
  owner of a community), comes without those columns. A dimension of which each row is a customer's own (a post) is
  about persons too: some model with the same primary key (dbt's manifest) holds the customer's key.
* **cells**: a table that quotes cells of source files (``source_row``): anything may have been typed there.
* **facts**: all that is neither dimension nor reference. A row of it is an event or a day, with the number of an order
  or a message, or with a count of persons as small as a day is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from kpi.sql import quoted

PERSONS, CELLS, FACTS = "persons", "cells", "facts"
KEYS = r"\b(wm|wb|st|un|op|ph)_[0-9a-f]{32}\b"
CUSTOMERS = r"\b(wm|un|op|ph)_[0-9a-f]{32}\b"
QUOTED = "source_row"  # what tells that a row quotes a row of a file


def person_entities(manifest: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By table, its columns that are entities, with the name of the entity."""
    return {
        model["node_relation"]["alias"]: {
            entity["expr"] or entity["name"]: entity["name"] for entity in model["entities"]
        }
        for model in manifest["semantic_models"]
    }


def reason_of(
    db: duckdb.DuckDBPyConnection,
    schema: str,
    name: str,
    columns: Sequence[str],
    personal: Sequence[str],
    nodes: Mapping[str, Any],
) -> str | None:
    """Why a table is left out by default; None for one that tells about nobody."""
    is_dimension = name.startswith("dim_")
    if personal:
        distinct = ", ".join(f"count(distinct {quoted(column)}) = count(*)" for column in personal)
        source = f"built.{quoted(schema)}.{quoted(name)}"
        if not is_dimension or any(db.execute(f"select {distinct} from {source}").fetchone() or ()):
            return PERSONS
    if QUOTED in columns:
        return CELLS
    if schema == "reference":
        return None
    if not is_dimension:
        return FACTS
    return PERSONS if _is_somebodys(db, name, nodes) else None


def _is_somebodys(db: duckdb.DuckDBPyConnection, dimension: str, nodes: Mapping[str, Any]) -> bool:
    """Whether each row of a dimension may be one customer's: a model of its primary key holds the customer's key."""
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    keys = next((node.get("primary_key") for node in models if node["alias"] == dimension), None)
    if not keys:
        return True  # what its rows are is not known
    same = [node for node in models if node.get("primary_key") == keys]
    return any(columns_with_keys(db, node["schema"], node["alias"], CUSTOMERS) for node in same)


def columns_with_keys(db: duckdb.DuckDBPyConnection, schema: str, name: str, keys: str = KEYS) -> set[str]:
    """The columns of a built table in which a value holds a key."""
    texts = db.execute(
        "select column_name from information_schema.columns where table_catalog = 'built' and table_schema = $1 "
        "and table_name = $2 and data_type in ('VARCHAR', 'VARCHAR[]', 'JSON')",
        [schema, name],
    ).fetchall()
    if not texts:
        return set()
    asked = ", ".join(f"bool_or(regexp_matches({quoted(column)}::varchar, $1))" for (column,) in texts)
    answers = db.execute(f"select {asked} from built.{quoted(schema)}.{quoted(name)}", [keys]).fetchone() or ()
    return {column for (column,), holds in zip(texts, answers, strict=True) if holds}
