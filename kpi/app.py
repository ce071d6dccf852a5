"""The command line ``kpi``, with all its commands."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kpi import __version__
from kpi.export.command import export_command
from kpi.load import load_command
from kpi.mf import mf_command
from kpi.privacy import commands
from kpi.progress import progress_bar
from kpi.publish.command import publish_command
from kpi.query.command import dimensions_command, metrics_command, query_command
from kpi.report.command import report_command

if TYPE_CHECKING:
    from kpi.boundaries.run import Report

app = typer.Typer(
    help="Community operations metrics: synthetic exports and helpers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold raw ids, texts and the secret
)
err = Console(stderr=True)


def _version(show: bool) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit()


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Community operations metrics."""


@app.command("generate")
def generate_command(
    out: Annotated[Path, typer.Option("--out", help="Directory for the export files.")],
    members: Annotated[int, typer.Option(help="Distinct people.")] = 2000,
    communities: Annotated[int, typer.Option(help="Groups.")] = 12,
    days: Annotated[int, typer.Option(help="Simulated days.")] = 200,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 7,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First simulated day.")] = "2025-11-01",  # type: ignore[assignment]
    messages: Annotated[int | None, typer.Option(help="Target number of message rows (default 7 per member).")] = None,
    fmt: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    truth: Annotated[Path | None, typer.Option(help="Truth file (default DIR/truth/metrics.csv).")] = None,
    no_truth: Annotated[bool, typer.Option("--no-truth", help="Skip the truth.")] = False,
    form: Annotated[
        str, typer.Option(help="landed, original (the files as the platforms give them, DIR/original) or both.")
    ] = "landed",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write synthetic exports and, beside them, every metric computed without SQL."""
    from kpi.generate import Config, GenerateError, generate
    from kpi.generate.keys import secret_of

    try:
        cfg = Config(
            out=out,
            members=members,
            communities=communities,
            days=days,
            seed=seed,
            start=start.date(),
            messages=messages,
            fmt=fmt,
            truth=truth,
            with_truth=not no_truth,
            form=form,
        )
        with progress_bar(err) as bar:
            task = bar.add_task("world", total=cfg.message_target)

            def tell(stage: str, rows: int) -> None:
                if stage == "messages":
                    bar.update(task, description=stage, completed=min(rows, cfg.message_target))
                else:
                    bar.update(task, description=stage)

            result = generate(cfg, tell)
    except GenerateError as error:
        err.print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(2) from error
    summary = {
        "out": str(result.out),
        "as_of": cfg.as_of.isoformat(),
        "rows": dict(sorted(result.rows.items())),
        "bytes": result.size,
        "truth": str(result.truth) if result.truth else None,
        "truth_rows": result.truth_rows,
        "original_files": result.originals,
        "secret": secret_of(seed),
        "quirks": result.notes,
    }
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=1))
        return
    table = Table("export", "rows", title=f"{result.out} (as of {cfg.as_of})")
    for name, count in sorted(result.rows.items()):
        table.add_row(name, f"{count:,}")
    console = Console()
    console.print(table)
    console.print(f"{result.size / 1e6:.2f} MB of exports, {result.truth_rows:,} truth rows")
    if result.originals:
        size = sum(result.originals.values()) / 1e6
        console.print(f"{len(result.originals)} original files, {size:.2f} MB; ingest them with the secret")
        console.print(f"COMMUNITY_METRICS_SECRET='{secret_of(seed)}'", soft_wrap=True)


class Boundary(StrEnum):
    """Where data is checked."""

    EXPORTS = "exports"
    METRICS = "metrics"


def _said_plainly(error: Exception) -> typer.Exit:
    """An error without a traceback: what keeps the command from working, and how to get on."""
    err.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
    return typer.Exit(2)


@app.command("check")
def check_command(
    boundary: Annotated[Boundary | None, typer.Argument(help="exports or metrics; both when omitted.")] = None,
    exports: Annotated[
        Path | None, typer.Option(help="Landed exports (default COMMUNITY_METRICS_EXPORTS, else seeds/exports).")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="Baseline of the exports (default beside them).")] = None,
    write: Annotated[bool, typer.Option("--write-baseline", help="Measure what is usual now; check nothing.")] = False,
    docs: Annotated[Path | None, typer.Option(help="Write pages that open offline into this folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the landed exports before dbt reads them, and the metrics after (needs `make setup`)."""
    try:
        from kpi.boundaries import baseline as baselines
        from kpi.boundaries import run
        from kpi.boundaries.suites import CheckError
    except ModuleNotFoundError as error:  # not part of the run-time lock
        raise _said_plainly(error) from error
    project = Path.cwd()
    directory = exports or Path(os.environ.get("COMMUNITY_METRICS_EXPORTS") or baselines.SEEDS)
    path = baseline or baselines.baseline_path(project, directory)
    try:
        if write:
            baselines.write_baseline(path, run.measure_baseline(directory))
            err.print(f"wrote {path}", highlight=False, soft_wrap=True)
            return
        wants_exports, wants_metrics = boundary is not Boundary.METRICS, boundary is not Boundary.EXPORTS
        report = run.check_boundaries(
            directory if wants_exports else None,
            run.ask_metrics(project) if wants_metrics else None,
            baseline=baselines.read_baseline(path),
            project=project,
            pages=docs,
        )
    except CheckError as error:
        raise _said_plainly(error) from error
    except ModuleNotFoundError as error:
        raise _said_plainly(RuntimeError(f"{error}. Great Expectations comes with `make setup`.")) from error
    _print_json(report) if as_json else _print_report(report)
    if report.is_wrong:
        raise typer.Exit(1)


def _print_json(report: Report) -> None:
    summary = {
        "expectations": len(report.asked),
        "errors": report.count("error"),
        "warnings": report.count("warn"),
        "findings": [asdict(finding) for finding in report.findings],
        "not_asked": report.skipped,
    }
    typer.echo(json.dumps(summary, ensure_ascii=False, indent=1))


def _print_report(report: Report) -> None:
    console = Console()
    if report.findings:
        table = Table("boundary", "table", "check", "severity", "observed", "reason", "what to do", show_lines=True)
        for found in report.findings:
            colour = "red" if found.severity == "error" else "yellow"
            place = (found.boundary, found.table, found.check, f"[{colour}]{found.severity}[/{colour}]")
            table.add_row(*place, *(escape(text) for text in (found.observed, found.reason, found.action)))
        console.print(table)
    for line in report.skipped:
        console.print(f"not asked: {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"{len(report.asked)} expectations: {report.count('error')} errors, {report.count('warn')} warnings, "
        f"{len(report.skipped)} not asked",
        highlight=False,
    )


@app.command("ingest")
def ingest_command(
    source: Annotated[Path, typer.Argument(help="Directory with exported files 导出文件所在目录.", show_default=False)],
    into: Annotated[
        Path | None, typer.Option("--into", help="Landing directory 入库目录; made when it does not exist.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Read and report; write nothing 只检查.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Refuse while another run writes, do not wait.")] = False,
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Files that nobody knows are no error.")
    ] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh, en or both.")] = "both",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Land exported files of the platforms: recognise, pseudonymise, account for every row 导入平台导出文件."""
    from kpi.ingest.command import run_ingest
    from kpi.ingest.show import Language

    if lang not in set(Language):
        raise typer.BadParameter("zh, en or both", param_hint="--lang")
    if into is None and not check:
        raise typer.BadParameter("name the landing directory, or use --check", param_hint="--into")
    raise typer.Exit(
        run_ingest(
            source,
            into,
            check=check,
            wait=not no_wait,
            ignore_unknown=ignore_unknown,
            language=Language(lang),
            as_json=as_json,
        )
    )


app.command("reidentify")(commands.reidentify_command)
app.command("erase")(commands.erase_command)
app.command("rekey")(commands.rekey_command)
app.command("expire")(commands.expire_command)
app.command("export")(export_command)
app.command("load")(load_command)
# what follows the options of kpi mf is mf's, --help too
app.command(
    "mf",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)(mf_command)
app.command("publish")(publish_command)
app.command("query")(query_command)
app.command("metrics")(metrics_command)
app.command("dimensions")(dimensions_command)
app.command("report")(report_command)
