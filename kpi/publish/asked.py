"""The questions of ``kpi publish``, compiled once for the same definitions: the next publication only runs them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpi.export.remembered import RememberedLayer

if TYPE_CHECKING:
    from kpi.semantic import Answer, SemanticLayer


class AskedBefore:
    """A ``SemanticLayer`` for those who only ask by other definitions."""

    def __init__(self, layer: SemanticLayer, project: Path, target: str | None = None) -> None:
        """Nothing is read yet.

        Args:
            layer: compiles what is not kept, and runs everything.
            project: folder of the dbt project.
            target: that the layer asks; that of the environment when omitted.
        """
        self._layer, self._project, self._target = layer, project, target
        self._kept: RememberedLayer | None = None
        self._others: list[AskedBefore] = []

    @contextmanager
    def connected(self) -> Iterator[AskedBefore]:
        """Keep the warehouse open, so that all answers are of one build; what was compiled is written at the end."""
        with self._layer.connected():
            yield self
        for other in self._others:
            if other._kept:
                other._kept.keep()

    def defined_by(self, manifest: dict[str, Any]) -> AskedBefore:
        """The same warehouse asked through other definitions, see ``SemanticLayer.defined_by``."""
        other = AskedBefore(self._layer.defined_by(manifest), self._project, self._target)
        said = hashlib.sha256(json.dumps(manifest).encode()).hexdigest()
        other._kept = RememberedLayer(other._layer, self._project, ["kpi publish", said], self._target)
        self._others.append(other)
        return other

    def query(self, metrics: Sequence[str], group_by: Sequence[str]) -> Answer:
        """Ask for metrics by dimensions, see ``SemanticLayer.query``."""
        compiler = self._kept or self._layer
        return self._layer.sql(compiler.sql_of(metrics, group_by))
