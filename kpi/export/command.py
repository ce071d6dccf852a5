"""The command ``kpi export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kpi.progress import progress_bar
from kpi.query.command import TargetName

err = Console(stderr=True)


def export_command(
    target: TargetName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write every saved query, and all metrics as one long table, into schema metrics of the warehouse 导出指标."""
    from kpi.export.catalogue import Catalogue, ExportError
    from kpi.export.remembered import RememberedLayer
    from kpi.export.run import export
    from kpi.export.shared import export_shared
    from kpi.semantic import SemanticLayer
    from kpi.targets import find_target
    from kpi.warehouse import WarehouseError, alarms_said, warehouse_path

    project = Path.cwd()
    try:
        chosen = find_target(project, target)
        catalogue = Catalogue.of(project, chosen)
        with progress_bar(err) as bar:
            task = bar.add_task("export", total=None)

            def tell(step: str, count: int, total: int) -> None:
                bar.update(task, description=step, completed=count, total=total)

            layer = SemanticLayer(project, target=chosen.name)
            compiler = RememberedLayer(layer, project, target=chosen.name)
            if chosen.is_embedded:
                done = export(warehouse_path(), catalogue, compiler, tell=tell)
            else:
                done = export_shared(chosen, layer, compiler, catalogue, tell=tell)
            compiler.keep()
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
        if done.exported_set:
            summary |= {"target": chosen.name, "exported_set": done.exported_set}
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    place = warehouse_path() if chosen.is_embedded else f"{chosen.name}, {done.exported_set}"
    table = Table("metrics.", "rows 行数", title=f"{place} (as of {done.as_of})")
    for name, rows in sorted(done.tables.items()):
        table.add_row(name, f"{rows:,}")
    Console().print(table)
