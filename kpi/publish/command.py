"""The command ``kpi publish``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kpi.privacy.commands import err, said_plainly

WHY = {
    "persons": "about single persons 个人明细 (--with-persons)",
    "cells": "quoting cells of source files 含源文件单元格 (--with-persons)",
    "facts": "of which a row may be an event, an order or few persons 事件与日明细 (--with-facts)",
    "unknown": "of which nobody can say whom their figures are about 无法判断涉及人数",
}


def publish_command(
    to: Annotated[Path, typer.Option("--to", help="File for BI tools, e.g. published/bi.duckdb; replaced at once.")],
    k: Annotated[int, typer.Option("--k", min=1, help="Fewest persons behind a figure.")] = 5,
    with_facts: Annotated[
        bool, typer.Option("--with-facts", help="Facts without keys of persons too; their cells may count one person.")
    ] = False,
    with_persons: Annotated[bool, typer.Option("--with-persons", help="Everything, single persons too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write metrics and dimensions to a file for BI tools, without persons, figures of few withheld. 发布."""
    from kpi.export.catalogue import Catalogue
    from kpi.publish.asked import AskedBefore
    from kpi.publish.run import publish
    from kpi.semantic import SemanticLayer
    from kpi.targets import require_embedded
    from kpi.warehouse import alarms_said, warehouse_path

    project = Path.cwd()
    with said_plainly():
        require_embedded("kpi publish", "A shared target is read where it is 共享目标直接读取: docs/scaling.md.")
        definitions = _definitions(project, "semantic_manifest.json")
        done = publish(
            warehouse_path(),
            to,
            definitions,
            lambda: AskedBefore(SemanticLayer(project), project),
            nodes=_definitions(project, "manifest.json")["nodes"],
            fingerprint=Catalogue(definitions).fingerprint,
            k=k,
            with_facts=with_facts,
            with_persons=with_persons,
        )
    if done.alarms:
        err.print(f"[yellow]warning:[/yellow] {alarms_said(done.alarms)}", highlight=False, soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    table = Table("table", "rows 行数", "withheld 隐去", title=str(to))
    for name, rows in sorted(done.tables.items()):
        table.add_row(name, f"{rows:,}", f"{done.withheld[name]:,}" if name in done.withheld else "")
    console = Console()
    console.print(table)
    for name, columns in sorted(done.without.items()):
        console.print(f"{name} without {', '.join(columns)}", highlight=False)
    if done.without_days:
        names = ", ".join(done.without_days)
        console.print(f"metrics.metric_values without days 未按日发布: {names}", highlight=False, soft_wrap=True)
    for reason, why in WHY.items():
        if names := sorted(table for table, said in done.left_out.items() if said == reason):
            console.print(f"left out 未发布, {why}: {', '.join(names)}", highlight=False, soft_wrap=True)


def _definitions(project: Path, name: str) -> dict:
    from kpi.publish.draft import PublishError

    path = project / "target" / name
    if not path.exists():
        raise PublishError(f"{path}: missing. Run `make build` (or `dbt build`) in the project first.")
    return json.loads(path.read_text(encoding="utf-8"))
