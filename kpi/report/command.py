"""The command ``kpi report``."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from kpi.report.source import GRAINS, ReportError

err = Console(stderr=True)


def report_command(
    out: Annotated[Path, typer.Option("--out", help="Folder for report.html and explorer.html 输出目录.")],
    period: Annotated[str, typer.Option("--period", help="week 一周小结 or month 月报.")] = "month",
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], help="A day of the period (default: the last complete one) 所在日期."
        ),
    ] = None,
    community: Annotated[
        str | None, typer.Option("--community", help="Only one community, by name 只看一个社群.")
    ] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", help="Review one campaign, by name 活动复盘.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="zh or en, what the page opens in 默认语言.")] = "zh",
    source: Annotated[
        Path | None, typer.Option("--from", help="A published file instead of the warehouse 读取已发布的文件.")
    ] = None,
) -> None:
    """Write the report and the metric explorer, HTML files that open offline 生成报告与指标浏览页."""
    from kpi.report.explorer import write_explorer
    from kpi.report.report import Wanted, build, write
    from kpi.report.source import open_metrics
    from kpi.targets import TargetError, require_embedded

    if period not in GRAINS:
        raise typer.BadParameter("week or month", param_hint="--period")
    if lang not in ("zh", "en"):
        raise typer.BadParameter("zh or en", param_hint="--lang")
    warehouse = Path(os.environ.get("COMMUNITY_METRICS_DB") or "warehouse/community_metrics.duckdb")
    wanted = Wanted(period, on.date() if on else None, community, campaign, lang)
    try:
        if source is None:
            require_embedded("kpi report", "With --from it reads a published file 或用 --from 读取已发布的文件.")
        with open_metrics(source or warehouse) as metrics:
            report = write(build(metrics, wanted), out / "report.html")
            explorer = write_explorer(metrics.connection, out, lang)
    except (ReportError, TargetError) as error:
        err.print(f"[red]error:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error
    for path in (report, explorer):
        Console().print(f"{path}: {path.stat().st_size / 1e6:.2f} MB", highlight=False, soft_wrap=True)
