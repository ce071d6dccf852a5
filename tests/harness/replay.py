"""Runs what dbt compiled, without dbt: a warehouse of a few rows in seconds.

A build by dbt costs a minute whatever the size of the data, nearly all of it the client. Where the same project is
built dozens of times on a few rows, ``dbt compile`` is run once and its SQL replayed: models in the order of their
dependencies, then data tests. The SQL is dbt's own; nothing is rewritten here but where a table goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parents[2]


@dataclass
class Replay:
    """A compiled project.

    Attributes:
        nodes: models, seeds and data tests of the manifest by unique id.
        project: folder of the seeds.
    """

    nodes: dict[str, dict[str, Any]]
    project: Path = ROOT
    order: list[str] = field(init=False)

    @classmethod
    def of(cls, manifest: Path, project: Path = ROOT) -> Replay:
        """The project that a ``manifest.json`` describes.

        Raises:
            ValueError: when a model in it was not compiled.
        """
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
        kept = {key: node for key, node in nodes.items() if node["resource_type"] in ("model", "seed", "test")}
        missing = [n["name"] for n in kept.values() if n["resource_type"] == "model" and not n.get("compiled_code")]
        if missing:
            raise ValueError(f"{manifest}: not compiled: {', '.join(missing[:3])}. Run `dbt compile` first.")
        return cls(kept, project)

    def __post_init__(self) -> None:
        """Put the nodes in an order in which each comes after what it reads."""
        self.order = list(
            TopologicalSorter(
                {
                    key: [other for other in node["depends_on"].get("nodes", []) if other in self.nodes]
                    for key, node in self.nodes.items()
                }
            ).static_order()
        )

    def below(self, names: Collection[str]) -> set[str]:
        """Ids of the named models and seeds and of everything that reads them, tests included."""
        found: set[str] = set()
        for key in self.order:
            node = self.nodes[key]
            if node["name"] in names or found & set(node["depends_on"].get("nodes", [])):
                found.add(key)
        return found

    def above(self, names: Collection[str]) -> set[str]:
        """Ids of the named nodes and of everything that they read."""
        found: set[str] = set()
        for key in reversed(self.order):
            if self.nodes[key]["name"] in names or key in found:
                found |= {key, *(other for other in self.nodes[key]["depends_on"].get("nodes", []))}
        return found

    def reading(self, ids: Collection[str]) -> set[str]:
        """Ids of what reads one of these directly."""
        return {key for key, node in self.nodes.items() if set(ids) & set(node["depends_on"].get("nodes", []))}

    def build(
        self,
        connection: duckdb.DuckDBPyConnection,
        only: Collection[str] | None = None,
        sql: Callable[[dict[str, Any]], str] = lambda node: node["compiled_code"],
    ) -> None:
        """Make reference tables and models, all of them or those with the ids ``only``."""
        for key in self.order:
            node = self.nodes[key]
            if (only is not None and key not in only) or node["resource_type"] == "test":
                continue
            name = f'"{node["schema"]}"."{node["alias"]}"'
            connection.execute(f'create schema if not exists "{node["schema"]}"')
            if node["resource_type"] == "seed":
                self._load_seed(connection, node, name)
            elif node["config"]["materialized"] == "view":
                connection.execute(f"create or replace view {name} as {sql(node)}")
            else:
                connection.execute(f"create or replace table {name} as {self._typed(node, sql(node))}")

    def test(
        self,
        connection: duckdb.DuckDBPyConnection,
        only: Collection[str] | None = None,
        stop_at_first: bool = False,
    ) -> dict[str, int]:
        """Data tests that find rows, as {name: number of rows}; ``only`` limits them to these ids."""
        failed = {}
        for key in self._tests(only):
            node = self.nodes[key]
            (rows,) = connection.execute(f"select count(*) from ({node['compiled_code']})").fetchone() or (0,)
            if rows:
                failed[node["name"]] = rows
                if stop_at_first:
                    break
        return failed

    def _tests(self, only: Collection[str] | None) -> Iterable[str]:
        for key in self.order:
            node = self.nodes[key]
            if node["resource_type"] == "test" and (only is None or key in only) and node.get("compiled_code"):
                yield key

    def _load_seed(self, connection: duckdb.DuckDBPyConnection, node: dict[str, Any], name: str) -> None:
        file = self.project / node["original_file_path"]
        types = {c["name"]: c["data_type"] for c in node["columns"].values() if c.get("data_type")}
        types |= node["config"].get("column_types") or {}
        declared = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items())
        options = f", types = {{{declared}}}" if types else ""
        connection.execute(
            f"create or replace table {name} as select * from read_csv('{file}', header = true, delim = ','{options})"
        )

    @staticmethod
    def _typed(node: dict[str, Any], sql: str) -> str:
        """The select of a model, cast to the types that its contract promises."""
        if not node["config"].get("contract", {}).get("enforced"):
            return sql
        columns = ", ".join(
            f'cast("{c["name"]}" as {c["data_type"]}) as "{c["name"]}"' for c in node["columns"].values()
        )
        return f"select {columns} from (\n{sql}\n)"


def open_warehouse(file: Path) -> duckdb.DuckDBPyConnection:
    """A warehouse file for reading and writing, on the clock of the project."""
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(file))
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection
