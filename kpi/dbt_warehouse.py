"""dbt-duckdb's plugin that opens the warehouse: waits a little for a client's query to end, and sets what all share.

Named in profiles.example.yml, so that ``dbt``, ``mf`` and everything else that reads the profile says the same.
"""

from __future__ import annotations

import sys
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from kpi.sql import literal
from kpi.warehouse import connect


class Plugin(BasePlugin):
    """Opens the file first: DuckDB hands dbt the same database when it opens it a moment later."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read ``wait_seconds`` and ``settings`` of the plugin's configuration, none where they are absent."""
        self._wait = float(plugin_config.get("wait_seconds", 0))
        self._settings: dict[str, Any] = plugin_config.get("settings", {})
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
        """Set for the database what all of dbt's cursors find, and let go: dbt has it."""
        for name, value in self._settings.items():
            conn.execute(f"set global {name} = {literal(str(value))}")
        if self._opened:
            self._opened.close()
            self._opened = None
