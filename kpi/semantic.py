"""The one place that talks to MetricFlow's engine.

The engine is an internal of the pinned ``dbt-metricflow``; it moves between versions, so nothing else
imports it. Everything returned is plain Python.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """The result of one query.

    Attributes:
        columns: names in the order of the rows, group-bys before metrics.
        rows: one tuple per group; ``None`` is "not known", never zero.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def by_key(self, keys: Sequence[str], metric: str) -> dict[tuple[Any, ...], Any]:
        """Values of one metric, keyed by the values of the group-bys ``keys``."""
        positions = [self.columns.index(key) for key in keys]
        at = self.columns.index(metric)
        return {tuple(row[i] for i in positions): row[at] for row in self.rows}


class SemanticLayer:
    """MetricFlow in this process: started once (seconds), then asked many times (tenths of seconds)."""

    def __init__(self, project_dir: Path | str = ".", profiles_dir: Path | str | None = None) -> None:
        """Start the engine for the built dbt project in ``project_dir``.

        Args:
            project_dir: folder of ``dbt_project.yml`` with a ``target/`` that a dbt command has written.
            profiles_dir: folder of ``profiles.yml``; the project folder when omitted.

        Raises:
            FileNotFoundError: when the project has not been parsed or built yet.
        """
        project = Path(project_dir).resolve()
        if not (project / "target" / "semantic_manifest.json").exists():
            raise FileNotFoundError(
                f"{project}: no target/semantic_manifest.json. Run `make build` (or `dbt build`) first."
            )
        from dbt_metricflow.cli.cli_configuration import CLIConfiguration

        configuration = CLIConfiguration()
        # dbt announces itself on standard output; a caller who pipes an answer wants only the answer
        with contextlib.redirect_stdout(io.StringIO()):
            configuration.setup(
                dbt_profiles_path=Path(profiles_dir or project).resolve(),
                dbt_project_path=project,
                configure_file_logging=False,
            )
            self._engine = configuration.mf
            self._client = configuration.sql_client
        logging.getLogger("metricflow").setLevel(logging.ERROR)

    def metric_names(self) -> list[str]:
        """Ids of all metrics, sorted."""
        return sorted(metric.name for metric in self._engine.list_metrics())

    def dimensions(self, metric: str) -> list[str]:
        """Dimensions that a metric can be split by, e.g. ``community__community_type``; no times, no keys."""
        found = self._engine.simple_dimensions_for_metrics([metric])
        return sorted({item.dunder_name for item in found if item.type.value == "categorical"})

    def finest_grain(self, metric: str) -> str:
        """The shortest period that a metric can be asked for: ``day``, ``week`` or ``month``."""
        found = self._engine.simple_dimensions_for_metrics([metric])
        times = [item for item in found if item.name == "metric_time"]
        # of a metric made of others with different grains MetricFlow lists only the grains derived from the coarsest
        return times[0].type_params.time_granularity.value if times else "month"

    def saved_query_names(self) -> list[str]:
        """Names of all saved queries, sorted."""
        return sorted(query.name for query in self._engine.list_saved_queries())

    def sql(self, statement: str) -> Answer:
        """Run one SQL statement on the warehouse, through the connection that the metrics use."""
        table = self._client.query(statement)
        return Answer(tuple(table.column_names), [tuple(row) for row in table.rows])

    def query(
        self,
        metrics: Sequence[str],
        group_by: Sequence[str] = (),
        where: Sequence[str] = (),
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> Answer:
        """Ask for metrics by dimensions.

        Args:
            metrics: metric ids.
            group_by: e.g. ``metric_time__month``, ``community__community_type``, ``community``.
            where: MetricFlow filters, e.g. ``{{ Dimension('community__community_type') }} = 'flash'``.
            order_by: names of metrics or group-bys, descending with a ``-`` in front.
            limit: rows at most; all when omitted.

        Returns:
            The answer; times are ``datetime``, money ``Decimal``, ratios ``float``.
        """
        return self._ask(
            metric_names=list(metrics),
            group_by_names=list(group_by) or None,
            where_constraints=list(where) or None,
            order_by_names=list(order_by) or None,
            limit=limit,
        )

    def saved_query(self, name: str) -> Answer:
        """The answer of a saved query, see ``saved_query_names``."""
        return self._ask(saved_query_name=name)

    def sql_of(self, metrics: Sequence[str], group_by: Sequence[str] = (), where: Sequence[str] = ()) -> str:
        """The SQL that ``query`` would run, without running it."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        request = MetricFlowQueryRequest.create(
            metric_names=list(metrics), group_by_names=list(group_by) or None, where_constraints=list(where) or None
        )
        return self._engine.explain(request).sql_statement.sql

    def defined_by(self, manifest: dict[str, Any]) -> SemanticLayer:
        """The same warehouse asked through other definitions.

        Args:
            manifest: the content of a ``semantic_manifest.json``.
        """
        from metricflow.engine.metricflow_engine import MetricFlowEngine
        from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
        from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

        other = copy.copy(self)
        parsed = parse_manifest_from_dbt_generated_manifest(json.dumps(manifest))
        other._engine = MetricFlowEngine(
            semantic_manifest_lookup=SemanticManifestLookup(parsed), sql_client=self._client
        )
        return other

    def _ask(self, **request: Any) -> Answer:
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        table = self._engine.query(MetricFlowQueryRequest.create(**request)).result_df
        return Answer(tuple(table.column_names), [tuple(row) for row in table.rows])
