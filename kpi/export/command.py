"""The command ``kpi export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kpi.progress import progress_bar

err = Console(stderr=True)
INSTEAD = (
    "共享目标上请用 kpi query 或 BI 工具读 marts 模式 On a shared target use kpi query, or read schema marts with the "
    "BI tool; for the exported tables build the same exports on DuckDB."
)


def export_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write every saved query, and all metrics as one long table, into schema metrics of the warehouse 导出指标."""
    from kpi.export.catalogue import Catalogue, ExportError
    from kpi.export.remembered import RememberedLayer
    from kpi.export.run import export
    from kpi.semantic import SemanticLayer
    from kpi.targets import require_embedded
    from kpi.warehouse import WarehouseError, alarms_said, warehouse_path

    project = Path.cwd()
    try:
        require_embedded("kpi export", INSTEAD)
        with progress_bar(err) as bar:
            task = bar.add_task("export", total=None)
            layer = RememberedLayer(SemanticLayer(project), project)
            done = export(
                warehouse_path(),
                Catalogue.of(project),
                layer,
                tell=lambda step, count, total: bar.update(task, description=step, completed=count, total=total),
            )
            layer.keep()
    except (ExportError, WarehouseError, FileNotFoundError) as error:
        err.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error
    if done.alarms:
        err.print(f"[yellow]warning:[/yellow] {alarms_said(done.alarms)}", highlight=False, soft_wrap=True)
    if as_json:
        summary = {
            "as_of": done.as_of.isoformat(),
            "fingerprint": done.fingerprint,
            "tables": done.tables,
            "alarms": done.alarms,
        }
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    table = Table("metrics.", "rows 行数", title=f"{warehouse_path()} (as of {done.as_of})")
    for name, rows in sorted(done.tables.items()):
        table.add_row(name, f"{rows:,}")
    Console().print(table)
