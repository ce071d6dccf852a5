"""``kpi mf``: MetricFlow's own command line on every target.

On DuckDB and PostgreSQL MetricFlow is dbt Labs' and unchanged. It has no adapter for Spark; what it lacks is a name, as
the SQL that it writes for Databricks is Spark's. ``SparkClient`` says so, and is this project's own, not dbt Labs'.

``mf`` itself has no ``--target`` and reads ``target/semantic_manifest.json`` only, whatever target that was written
for. Here it reads what dbt wrote for the target that is asked. Both changes reach into internals, so other versions
than the pinned ones are refused.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from kpi.targets import SETTING, Target, TargetError, find_target

PINNED = {"dbt-metricflow": "0.15.0", "metricflow": "0.213.0"}  # as requirements.lock has them


def mf_command(
    context: typer.Context,
    target: Annotated[
        str | None,
        typer.Option(help=f"Target of profiles.yml 目标引擎 (default {SETTING}, else duckdb)."),
    ] = None,
) -> None:
    """Run MetricFlow's mf on a target: kpi mf --target spark query --metrics members --group-by metric_time__month."""
    from kpi.privacy.commands import said_plainly

    with said_plainly():
        command = mf_for(find_target(name=target))
    command(args=context.args, prog_name="mf")


def mf_for(target: Target) -> Any:
    """MetricFlow's command line for a target, ready to be called with arguments.

    Raises:
        TargetError: when another version of MetricFlow is installed, or dbt has written nothing for the target.
    """
    require_pinned()
    if not target.manifest.exists():
        raise TargetError(f"{target.manifest} is missing. Run `{target.dbt('parse')}` first 先运行.")
    os.environ[SETTING] = target.name  # the profile's target, which dbt reads inside mf
    from dbt_metricflow.cli import cli_configuration
    from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtArtifacts
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest

    def manifest_of_target(project_root: Path) -> Any:
        return parse_manifest_from_dbt_generated_manifest(target.manifest.read_text(encoding="utf-8"))

    dbtArtifacts.build_semantic_manifest_from_dbt_project_root = staticmethod(manifest_of_target)
    if target.kind == "spark":
        cli_configuration.AdapterBackedSqlClient = spark_client()
    from dbt_metricflow.cli.main import cli

    return cli


def spark_client() -> type:
    """MetricFlow's client of a dbt adapter, for dbt-spark: everything but the name is as for Databricks."""
    from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import AdapterBackedSqlClient, SupportedAdapterTypes

    class SparkClient(AdapterBackedSqlClient):
        def __init__(self, adapter: Any) -> None:
            self._adapter = adapter
            self._sql_engine_type = SupportedAdapterTypes.DATABRICKS.sql_engine_type
            self._sql_plan_renderer = SupportedAdapterTypes.DATABRICKS.sql_plan_renderer

    return SparkClient


def require_pinned() -> None:
    """Refuse versions of MetricFlow whose internals nobody has looked at.

    Raises:
        TargetError: with what is installed and what is needed.
    """
    found = {}
    for package in PINNED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "nothing"
    if found != PINNED:
        needed = ", ".join(f"{name}=={number}" for name, number in PINNED.items())
        has = ", ".join(f"{name} {number}" for name, number in found.items())
        raise TargetError(
            f"kpi mf: 只认固定版本 knows only the pinned versions of MetricFlow: {needed}; installed: {has}. "
            "Install requirements.lock, or use mf itself on DuckDB and PostgreSQL."
        )
