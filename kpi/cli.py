"""Command line ``kpi``."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kpi import __version__

app = typer.Typer(
    help="Community operations metrics: synthetic exports and helpers.",
    no_args_is_help=True,
    add_completion=False,
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
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Write synthetic exports and, beside them, every metric computed without SQL."""
    from kpi.generate import Config, GenerateError, generate

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
        )
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            transient=True,
        ) as bar:
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


def main() -> None:
    """Entry point of the ``kpi`` script."""
    app()


if __name__ == "__main__":
    main()
