"""dbt-duckdb's plugin that opens the warehouse: says who holds it, and waits a little for a client's query to end.

Named in profiles.example.yml, so that ``dbt``, ``mf`` and everything else that reads the profile says the same.
"""

from __future__ import annotations

import sys
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from kpi.warehouse import connect


class Plugin(BasePlugin):
    """Opens the file first: DuckDB hands dbt the same database when it opens it a moment later."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read ``wait_seconds`` of the plugin's configuration, none when it is absent."""
        self._wait = float(plugin_config.get("wait_seconds", 0))
        self._opened: duckdb.DuckDBPyConnection | None = None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Hold the file before dbt does.

        Raises:
            LockedWarehouseError: when another process holds it longer than the wait.
        """
        if creds.path == ":memory:":
            return

        def tell(line: str) -> None:
            print(line, file=sys.stderr, flush=True)

        self._opened = connect(creds.path, read_only=False, wait=self._wait, tell=tell, config=config)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Let go: dbt has it."""
        if self._opened:
            self._opened.close()
            self._opened = None
