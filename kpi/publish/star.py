"""Tables with their keys and comments, so that a tool draws the star by itself.

Keys come from dbt's manifest: the primary key from the tests (unique and not null), foreign keys from
``keys_lead_somewhere`` and from the entities of the semantic models. A key is declared only where it holds in the file:
both tables are in it, in one schema (DuckDB has no keys across schemas), and every value is found. Comments are those
that dbt keeps in the warehouse, else the descriptions of its manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from kpi.publish import draft as shared
from kpi.publish.choice import FACTS, PERSONS, columns_with_keys, reason_of
from kpi.publish.draft import Published
from kpi.sql import literal, quoted

SCHEMAS = ("marts", "reference", "quality")
MARKS = "build_state"  # of builds (kpi.warehouse), of no use to readers
INDEXED = 50_000  # rows up to which keys are declared: each is an index, kept in the file


@dataclass
class Table:
    """A table to be published.

    Attributes:
        schema: its schema.
        name: its name.
        types: type by column, of those that are kept.
        primary: columns of its primary key.
        foreign: by column, the table of the same schema and the column that it leads to.
        comment: what it holds.
        comments: the same by column.
    """

    schema: str
    name: str
    types: dict[str, str]
    primary: tuple[str, ...] = ()
    foreign: dict[str, tuple[str, str]] = field(default_factory=dict)
    comment: str | None = None
    comments: dict[str, str] = field(default_factory=dict)


def copy_tables(
    db: duckdb.DuckDBPyConnection,
    entities: Mapping[str, Mapping[str, str]],
    nodes: Mapping[str, Any],
    done: Published,
    wanted: set[str],
) -> None:
    """Copy what may be shown from database ``built`` to ``draft``.

    Args:
        db: a connection with both attached.
        entities: by table, its columns that are entities (``choice.person_entities``).
        nodes: ``nodes`` of dbt's manifest.
        done: filled.
        wanted: reasons to leave out that do not count this time.
    """
    chosen = {(table.schema, table.name): table for table in _choose(db, entities, nodes, done, wanted)}
    left = list(chosen.values())
    while left:  # what others lead to comes first
        waiting = {(table.schema, table.name) for table in left}
        ready = [t for t in left if not any((t.schema, to) in waiting - {(t.schema, t.name)}
                                            for to, _ in t.foreign.values())] or left[:1]  # fmt: skip
        for table in ready:
            _hold(db, table, chosen, done)
            create(db, table, f"select {', '.join(map(quoted, table.types))} from {_built(table)}", done)
        left = [table for table in left if table not in ready]


def _choose(
    db: duckdb.DuckDBPyConnection,
    entities: Mapping[str, Mapping[str, str]],
    nodes: Mapping[str, Any],
    done: Published,
    wanted: set[str],
) -> list[Table]:
    tables = described(db, "built", SCHEMAS, nodes, entities)
    found = {(t.schema, t.name): columns_with_keys(db, t.schema, t.name) for t in tables}
    persons = {entities.get(name, {}).get(column) for (_, name), columns in found.items() for column in columns} - {
        None
    }
    chosen = []
    for table in tables:
        columns, of_entity = list(table.types), entities.get(table.name, {})
        personal = [c for c in columns if c in found[table.schema, table.name] or of_entity.get(c) in persons]
        reason = reason_of(db, table.schema, table.name, columns, personal, nodes)
        label = f"{table.schema}.{table.name}"
        if reason is not None and reason not in wanted:
            done.left_out[label] = reason
            continue
        if personal and PERSONS not in wanted:
            done.without[label] = personal
            table.types = {c: kind for c, kind in table.types.items() if c not in personal}
        chosen.append(table)
    return chosen


def described(
    db: duckdb.DuckDBPyConnection,
    catalog: str,
    schemas: tuple[str, ...],
    nodes: Mapping[str, Any],
    entities: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Table]:
    """The tables of some schemas, with keys and comments; ``entities`` as `copy_tables` takes them."""
    rows = db.execute(
        "select c.schema_name, c.table_name, list(c.column_name order by c.column_index), "
        "list(c.data_type order by c.column_index), list(c.comment order by c.column_index), any_value(t.comment) "
        "from duckdb_columns() c left join duckdb_tables() t using (database_name, schema_name, table_name) "
        "where c.database_name = $1 and list_contains($2, c.schema_name) and c.table_name <> $3 "
        "group by all order by all",
        [catalog, list(schemas), MARKS],
    ).fetchall()
    keys = primary_keys(nodes)
    leads = foreign_keys(nodes)
    for table, columns in entity_keys(entities or {}, keys).items():
        leads[table] = columns | leads.get(table, {})
    by_name = {node["alias"]: node for node in nodes.values() if node["resource_type"] in ("model", "seed")}
    tables = []
    for schema, name, columns, types, comments, comment in rows:
        node = by_name.get(name, {})
        said = {c: (spec.get("description") or "") for c, spec in node.get("columns", {}).items()}
        tables.append(Table(
            schema, name, dict(zip(columns, types, strict=True)), keys.get(name, ()), dict(leads.get(name, {})),
            (comment or node.get("description") or "").strip() or None,
            {c: text for c, own in zip(columns, comments, strict=True) if (text := (own or said.get(c) or "").strip())},
        ))  # fmt: skip
    return tables


def primary_keys(nodes: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By table, the columns of which dbt knows that they are unique and never null."""
    tested: dict[str, dict[str, set[str]]] = {}
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        if test.get("name") in ("unique", "not_null") and node.get("attached_node"):
            column = node.get("column_name") or (test.get("kwargs") or {}).get("column_name")
            tested.setdefault(node["attached_node"], {}).setdefault(column, set()).add(test["name"])
    found = {}
    for unique_id, node in nodes.items():
        if node["resource_type"] not in ("model", "seed"):
            continue
        by_tests = [(column,) for column, tests in tested.get(unique_id, {}).items() if len(tests) == 2]
        if key := tuple(node.get("primary_key") or ()) or next(iter(by_tests), ()):
            found[node["alias"]] = key
    return found


def foreign_keys(nodes: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, str]]]:
    """By table and column, the table and column that a data test finds its values in."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "keys_lead_somewhere" and node.get("attached_node") in nodes:
            leads = found.setdefault(nodes[node["attached_node"]]["alias"], {})
            for column, target in test["kwargs"]["keys"].items():
                other, _, to = target.partition(".")
                leads[column] = (nodes.get(_named(nodes, other), {}).get("alias", other), to)
    return found


def entity_keys(
    entities: Mapping[str, Mapping[str, str]], primary: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, tuple[str, str]]]:
    """By table and column that is an entity, the dimension whose primary key is a column of that name.

    A table leads nowhere by its own key, nor by an entity that no dimension, or more than one, is keyed by.
    """
    homes: dict[str, list[str]] = {}
    for table, key in primary.items():
        if table.startswith("dim_") and len(key) == 1:
            homes.setdefault(key[0], []).append(table)
    return {
        table: {
            column: (homes[column][0], column)
            for column in columns
            if len(homes.get(column, ())) == 1 and primary.get(table) != (column,)
        }
        for table, columns in entities.items()
    }


def _named(nodes: Mapping[str, Any], model: str) -> str:
    return next((i for i, n in nodes.items() if n["resource_type"] == "model" and n.get("name") == model), "")


def _built(table: Table) -> str:
    return f"built.{quoted(table.schema)}.{quoted(table.name)}"


def _hold(
    db: duckdb.DuckDBPyConnection, table: Table, chosen: Mapping[tuple[str, str], Table], done: Published
) -> None:
    """Keep the keys that hold in the file."""
    (rows,) = db.execute(f"select count(*) from {_built(table)}").fetchone() or (0,)
    if rows > INDEXED or not set(table.primary) <= set(table.types):
        table.primary = ()
    if table.primary:
        names = ", ".join(map(quoted, table.primary))
        (distinct,) = db.execute(
            f"select count(*) from (select distinct {names} from {_built(table)} "
            f"where {' and '.join(f'{quoted(c)} is not null' for c in table.primary)})"
        ).fetchone() or (0,)
        table.primary = table.primary if distinct == rows else ()
    for column, (other, to) in list(table.foreign.items()):
        target = chosen.get((table.schema, other))
        there = other == table.name or f"{table.schema}.{other}" in done.tables  # not where two lead to each other
        holds = there and rows <= INDEXED and column in table.types and target is not None and target.primary == (to,)
        if (
            not holds
            or db.execute(
                f"select 1 from {_built(table)} where {quoted(column)} not in "
                f"(select {quoted(to)} from {_built(target)}) "
                "limit 1"
            ).fetchone()
        ):
            del table.foreign[column]


def create(db: duckdb.DuckDBPyConnection, table: Table, rows: str, done: Published) -> None:
    """Create a table in ``draft`` with its keys and comments, from the rows of a query."""
    schema, name, label = quoted(table.schema), quoted(table.name), f"{table.schema}.{table.name}"
    keys = []
    if table.primary:
        keys.append(f"primary key ({', '.join(map(quoted, table.primary))})")
    keys += [
        f"foreign key ({quoted(column)}) references {schema}.{quoted(other)} ({quoted(to)})"
        for column, (other, to) in table.foreign.items()
    ]
    columns = ", ".join([*(f"{quoted(c)} {kind}" for c, kind in table.types.items()), *keys])
    db.execute("use draft")  # a key leads to a table of the database in use
    db.execute(f"create schema if not exists {schema}")
    shared.reached("table")
    db.execute(f"create table {schema}.{name} ({columns})")
    db.execute(f"insert into {schema}.{name} {rows}")
    if table.comment:
        db.execute(f"comment on table {schema}.{name} is {literal(table.comment)}")
    for column, text in table.comments.items():
        if column in table.types:
            db.execute(f"comment on column {schema}.{name}.{quoted(column)} is {literal(text)}")
    ((done.tables[label],),) = db.execute(f"select count(*) from {schema}.{name}").fetchall()
    if keys:
        done.keys[label] = keys


def reasons_wanted(*, with_facts: bool, with_persons: bool) -> set[str]:
    """The reasons to leave out that do not count."""
    return {PERSONS, "cells", FACTS} if with_persons else {FACTS} if with_facts else set()
