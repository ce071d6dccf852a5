"""What the commands say without a traceback, in a module that loads nothing: `kpi --help` stays light."""

from __future__ import annotations


class WarehouseError(RuntimeError):
    """The warehouse cannot serve; the message says why and what to do. dbt shows it without a traceback."""
