"""The command ``kpi publish``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kpi.privacy.commands import said_plainly


def publish_command(
    to: Annotated[Path, typer.Option("--to", help="File for BI tools, e.g. published/bi.duckdb; replaced at once.")],
    k: Annotated[int, typer.Option("--k", min=1, help="Fewest persons behind a figure.")] = 5,
    with_persons: Annotated[bool, typer.Option("--with-persons", help="Tables about single persons too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write marts and metrics to a file for BI tools, without persons, figures of few withheld. 发布."""
    from kpi.publish import publish
    from kpi.semantic import SemanticLayer

    project = Path.cwd()
    warehouse = Path(os.environ.get("COMMUNITY_METRICS_DB") or "warehouse/community_metrics.duckdb")
    profiles = os.environ.get("DBT_PROFILES_DIR")
    with said_plainly():
        done = publish(
            warehouse,
            to,
            _definitions(project),
            lambda: SemanticLayer(project, Path(profiles) if profiles else None),
            k=k,
            with_persons=with_persons,
        )
    if as_json:
        summary = {"tables": done.tables, "left_out": done.left_out, "without": done.without, "withheld": done.withheld}
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    table = Table("table", "rows 行数", "withheld 隐去", title=str(to))
    for name, rows in sorted(done.tables.items()):
        table.add_row(name, f"{rows:,}", f"{done.withheld[name]:,}" if name in done.withheld else "")
    console = Console()
    console.print(table)
    for name, columns in sorted(done.without.items()):
        console.print(f"{name} without {', '.join(columns)}", highlight=False)
    if done.left_out:
        console.print(f"left out, about single persons 未发布个人明细: {', '.join(done.left_out)}", highlight=False)


def _definitions(project: Path) -> dict:
    from kpi.publish import PublishError

    path = project / "target" / "semantic_manifest.json"
    if not path.exists():
        raise PublishError(f"{path}: missing. Run `make build` (or `dbt build`) in the project first.")
    return json.loads(path.read_text(encoding="utf-8"))
