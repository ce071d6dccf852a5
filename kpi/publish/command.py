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
from kpi.query.command import TargetName
from kpi.targets import Target

WHY = {
    "persons": "about single persons 个人明细 (--with-persons)",
    "cells": "quoting cells of source files 含源文件单元格 (--with-persons)",
    "facts": "of which a row may be an event, an order or few persons 事件与日明细 (--with-facts)",
    "unknown": "of which nobody can say whom their figures are about 无法判断涉及人数",
}


def publish_command(
    to: Annotated[
        Path | None,
        typer.Option("--to", help="File for BI tools, e.g. published/bi.duckdb; replaced at once. For duckdb only."),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Fewest persons behind a figure.")] = 5,
    with_facts: Annotated[
        bool, typer.Option("--with-facts", help="Facts without keys of persons too; their cells may count one person.")
    ] = False,
    with_persons: Annotated[bool, typer.Option("--with-persons", help="Everything, single persons too.")] = False,
    target: TargetName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write metrics and dimensions for BI tools, without persons, figures of few withheld 发布.

    To a file; on another target than duckdb to its schema published.
    """
    from kpi.export.catalogue import Catalogue
    from kpi.publish.asked import AskedBefore
    from kpi.publish.run import publish
    from kpi.publish.shared import publish_shared
    from kpi.semantic import SemanticLayer
    from kpi.targets import find_target
    from kpi.warehouse import alarms_said, warehouse_path

    project = Path.cwd()
    with said_plainly():
        chosen = find_target(project, target)
        place = _place(chosen, to)
        definitions = _definitions(chosen, chosen.manifest.name)
        nodes = _definitions(chosen, "manifest.json")["nodes"]
        layer = SemanticLayer(project, target=chosen.name)
        wanted = {"k": k, "with_facts": with_facts, "with_persons": with_persons}
        if to is None:
            done, exported_set = publish_shared(chosen, layer, project, nodes, **wanted)
            place = f"{place}, {exported_set}"
        else:
            done = publish(
                warehouse_path(), to, definitions, lambda: AskedBefore(layer, project, chosen.name), nodes=nodes,
                fingerprint=Catalogue(definitions).fingerprint, **wanted,
            )  # fmt: skip
    if done.alarms:
        err.print(f"[yellow]warning:[/yellow] {alarms_said(done.alarms)}", highlight=False, soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    table = Table("table", "rows 行数", "withheld 隐去", title=place)
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


def _place(target: Target, to: Path | None) -> str:
    from kpi.publish.draft import PublishError

    if target.is_embedded and to is None:
        raise PublishError("--to: 请指定文件 name the file for BI tools, e.g. --to published/bi.duckdb.")
    if not target.is_embedded and to is not None:
        raise PublishError(
            f"--to: 只用于 duckdb 目标 for the target duckdb only; on {target.name} schema published is written. "
            "Leave it out."
        )
    return str(to) if target.is_embedded else f"{target.name}, schema published"


def _definitions(target: Target, name: str) -> dict:
    from kpi.publish.draft import PublishError

    path = target.folder / name
    if not path.exists():
        command = "make build` (or `dbt build`)" if target.is_embedded else f"{target.dbt('build')}`"
        raise PublishError(f"{path}: missing. Run `{command} in the project first.")
    return json.loads(path.read_text(encoding="utf-8"))
