"""The one place that talks to MetricFlow.

MetricFlow compiles questions to SQL; an engine of ``kpi.engines`` runs it. dbt is not started: the definitions are
read from the ``semantic_manifest.json`` that it wrote for the target. MetricFlow's Python is an internal of the pinned
``dbt-metricflow``; it moves between versions, so nothing else imports it. Everything returned is plain Python.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from kpi.engines import Engine, Reader, engine_of
from kpi.sql import places
from kpi.targets import EMBEDDED, find_target


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
    """The metrics of a built project: a second to start at the first question, then tenths of seconds a question."""

    def __init__(
        self,
        project_dir: Path | str = ".",
        *,
        warehouse: Path | None = None,
        manifest: Path | None = None,
        target: str | None = None,
    ) -> None:
        """Read the definitions of the dbt project in ``project_dir``.

        Args:
            project_dir: folder of ``dbt_project.yml`` with a ``target/`` that a dbt command has written.
            warehouse: file to ask; that of the environment, or the usual one, when omitted.
            manifest: definitions; what dbt wrote for the target when omitted.
            target: of profiles.yml; that of the environment when omitted, ``duckdb`` where a file is named.

        Raises:
            FileNotFoundError: when the project has not been parsed or built yet.
            kpi.targets.TargetError: when there is no such target, or the definitions are those of another one.
        """
        project = Path(project_dir).resolve()
        found = find_target(project, target or (EMBEDDED if warehouse else None))
        self._definitions = (manifest or found.required_manifest()).read_text(encoding="utf-8")
        self._warehouse: Engine = engine_of(found, self.database, warehouse, project)
        self._reader: Reader | None = None

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The definitions, the content of a ``semantic_manifest.json``."""
        return json.loads(self._definitions)

    @property
    def database(self) -> str | None:
        """The name by which the SQL calls the warehouse; None for an engine that knows only schemas."""
        return self._relation["database"]

    @property
    def engine(self) -> Engine:
        """What holds the warehouse."""
        return self._warehouse

    def schema(self, name: str) -> str:
        """A schema of the warehouse by its name there, by what the project calls it."""
        return self._relation["schema_name"].removesuffix("marts") + name

    @property
    def places(self) -> dict[str, str]:
        """The schemas of the warehouse in SQL, by what the project calls them."""
        return places(self.database, self.schema(""), self._warehouse.quoted)

    def quoted(self, name: str) -> str:
        """A name in the SQL of the warehouse."""
        return self._warehouse.quoted(name)

    @property
    def _relation(self) -> dict[str, Any]:
        return self.manifest["project_configuration"]["time_spines"][0]["node_relation"]

    @contextmanager
    def connected(self) -> Iterator[SemanticLayer]:
        """Keep the warehouse open for several questions; a build waits until the end."""
        if self._reader is not None:
            yield self
            return
        with self._warehouse.connected() as self._reader:
            try:
                yield self
            finally:
                self._reader = None

    def metric_names(self) -> list[str]:
        """Ids of all metrics but private ones, sorted."""
        named = self.manifest["metrics"]
        return sorted(metric["name"] for metric in named if not metric["type_params"]["is_private"])

    def dimensions(self, metric: str, *others: str) -> list[str]:
        """Dimensions that all the metrics can be split by, e.g. ``community__community_type``; no times, no keys."""
        found = self._compiler.simple_dimensions_for_metrics([metric, *others])
        return sorted({item.dunder_name for item in found if item.type.value == "categorical"})

    def entities(self, metric: str, *others: str) -> list[str]:
        """Keys that all the metrics can be grouped by, e.g. ``community``."""
        return sorted({item.name for item in self._compiler.entities_for_metrics([metric, *others])})

    def finest_grain(self, metric: str, *others: str) -> str:
        """The shortest period that all the metrics can be asked for: ``day``, ``week`` or ``month``."""
        found = self._compiler.simple_dimensions_for_metrics([metric, *others])
        times = [item for item in found if item.name == "metric_time"]
        # of a metric made of others with different grains MetricFlow lists only the grains derived from the coarsest
        return times[0].type_params.time_granularity.value if times else "month"

    def saved_query_names(self) -> list[str]:
        """Names of all saved queries, sorted."""
        return sorted(query["name"] for query in self.manifest["saved_queries"])

    def sql(self, statement: str) -> Answer:
        """Run one query in SQL on the warehouse; tables without a database are those of the warehouse."""
        with self.connected():
            columns, rows = self._reader.ask(statement)
            return Answer(columns, [tuple(map(_midnight, row)) for row in rows])

    def query(
        self,
        metrics: Sequence[str],
        group_by: Sequence[str] = (),
        where: Sequence[str] = (),
        order_by: Sequence[str] = (),
        limit: int | None = None,
        start: dt.date | None = None,
        end: dt.date | None = None,
    ) -> Answer:
        """Ask for metrics by dimensions.

        Args:
            metrics: metric ids.
            group_by: e.g. ``metric_time__month``, ``community__community_type``, ``community``.
            where: MetricFlow filters, e.g. ``{{ Dimension('community__community_type') }} = 'flash'``.
            order_by: names of metrics or group-bys, descending with a ``-`` in front.
            limit: rows at most; all when omitted.
            start: first day that counts.
            end: last day that counts.

        Returns:
            The answer; times are ``datetime``, money ``Decimal``, counts ``int``, ratios ``float``.
        """
        return self._ask(**_request(metrics, group_by, where, order_by, limit, start, end))

    def saved_query(self, name: str) -> Answer:
        """The answer of a saved query, see ``saved_query_names``."""
        return self._ask(saved_query_name=name)

    def sql_of(
        self,
        metrics: Sequence[str],
        group_by: Sequence[str] = (),
        where: Sequence[str] = (),
        order_by: Sequence[str] = (),
        limit: int | None = None,
        start: dt.date | None = None,
        end: dt.date | None = None,
    ) -> str:
        """The SQL that ``query`` would run, without running it; the same arguments."""
        return self._compiled(**_request(metrics, group_by, where, order_by, limit, start, end))

    def defined_by(self, manifest: dict[str, Any]) -> SemanticLayer:
        """The same warehouse asked through other definitions.

        Args:
            manifest: the content of a ``semantic_manifest.json``.

        Raises:
            Exception: MetricFlow's own, when the definitions contradict each other.
        """
        other = copy.copy(self)
        other.__dict__.pop("manifest", None)
        other.__dict__.pop("_compiler", None)
        other._definitions = json.dumps(manifest)
        other._compiler  # noqa: B018  # what is wrong shows here, not at the first question
        return other

    def narrowed(self, manifest: dict[str, Any]) -> SemanticLayer:
        """This layer where it has started; else one that starts sooner, on definitions that are a part of its own."""
        return self if "_compiler" in self.__dict__ else self.defined_by(manifest)

    def _ask(self, **request: Any) -> Answer:
        return self.sql(self._compiled(**request))

    def _compiled(self, **request: Any) -> str:
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        return self._compiler.explain(MetricFlowQueryRequest.create(**request)).sql_statement.sql

    @cached_property
    def _compiler(self) -> Any:
        """MetricFlow's engine, which compiles and never runs anything."""
        from metricflow.engine.metricflow_engine import MetricFlowEngine
        from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
        from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

        for package in ("metricflow", "metricflow_semantics"):  # they warn of what they find slow
            logging.getLogger(package).setLevel(logging.ERROR)
        # counts and medians become what the compiler knows only here: what dbt writes is not the last form
        manifest = parse_manifest_from_dbt_generated_manifest(self._definitions)
        return MetricFlowEngine(SemanticManifestLookup(manifest), _Dialect(self._warehouse.dialect))


# By dialect of an engine: only the one that is asked for is loaded.
RENDERERS = {
    "DUCKDB": ("duckdb_renderer", "DuckDbSqlPlanRenderer"),
    "POSTGRES": ("postgres", "PostgresSQLSqlPlanRenderer"),
    "DATABRICKS": ("databricks", "DatabricksSqlPlanRenderer"),
}


class _Dialect:
    """What MetricFlow asks of a client to write SQL; it is never given a statement to run."""

    def __init__(self, name: str) -> None:
        from metricflow.protocols.sql_client import SqlEngine

        module, renderer = RENDERERS[name]
        self.sql_engine_type = SqlEngine[name]
        self.sql_plan_renderer = getattr(import_module(f"metricflow.sql.render.{module}"), renderer)()

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        raise NotImplementedError(f"{bind_parameter_key}: SQL without parameters is expected")


def _request(
    metrics: Sequence[str],
    group_by: Sequence[str],
    where: Sequence[str],
    order_by: Sequence[str],
    limit: int | None,
    start: dt.date | None,
    end: dt.date | None,
) -> dict[str, Any]:
    return {
        "metric_names": list(metrics),
        "group_by_names": list(group_by) or None,
        "where_constraints": list(where) or None,
        "order_by_names": list(order_by) or None,
        "limit": limit,
        "time_constraint_start": _midnight(start),
        "time_constraint_end": _midnight(end),
    }


def _midnight(value: Any) -> Any:
    """A day as the time at which it begins; anything else as it is."""
    return dt.datetime.combine(value, dt.time()) if type(value) is dt.date else value
