"""What MetricFlow compiled for the last export, kept for the next one: compiling costs more than the queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpi.query.cache import cache_folder, depends_on, key_of, read_entry, write_entry

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer


class RememberedLayer:
    """A ``SemanticLayer`` that only compiles, and compiles nothing twice for the same definitions."""

    def __init__(
        self, layer: SemanticLayer, project: Path, purpose: Any = "kpi export", target: str | None = None
    ) -> None:
        """Read what is kept; where ``COMMUNITY_METRICS_CACHE`` switches keeping off, nothing is.

        Args:
            layer: compiles what is not kept.
            project: folder of the dbt project.
            purpose: whose questions are kept together, with what else their SQL depends on; anything JSON can hold.
            target: that the layer asks; that of the environment when omitted.
        """
        self._layer = layer
        folder = cache_folder()
        self._folder = folder / "exports" if folder else None
        self._key = key_of(purpose, depends_on(project, target))
        self._kept: dict[str, Any] = read_entry(self._folder, self._key) or {}
        self._had = len(self._kept)

    def sql_of(self, metrics: Sequence[str], group_by: Sequence[str] = (), where: Sequence[str] = ()) -> str:
        """The SQL of a question, see ``SemanticLayer.sql_of``."""
        question = ["sql", list(metrics), list(group_by), list(where)]
        return self._remember(question, lambda: self._layer.sql_of(metrics, group_by, where))

    def dimensions(self, metric: str) -> list[str]:
        """Dimensions that a metric can be split by."""
        return self._remember(["dimensions", metric], lambda: self._layer.dimensions(metric))

    def finest_grain(self, metric: str) -> str:
        """The shortest period that a metric can be asked for."""
        return self._remember(["grain", metric], lambda: self._layer.finest_grain(metric))

    def keep(self) -> None:
        """Write what was compiled."""
        if len(self._kept) > self._had:
            write_entry(self._folder, self._key, self._kept)

    def _remember(self, question: list[Any], compiled: Callable[[], Any]) -> Any:
        key = json.dumps(question)
        if key not in self._kept:
            self._kept[key] = compiled()
        return self._kept[key]
