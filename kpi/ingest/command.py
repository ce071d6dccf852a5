"""The command ``kpi ingest``: what it is told, and what it says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from kpi.contracts import ContractError, load_contracts
from kpi.ingest.layouts import LayoutError
from kpi.ingest.manifest import LandingError
from kpi.ingest.report import Report
from kpi.ingest.run import Progress as Progressing
from kpi.ingest.run import ingest
from kpi.ingest.show import Language, Show
from kpi.privacy.keys import PrivacyError, load_secret
from kpi.privacy.vault import open_vault

FINE, WRONG, UNUSABLE = 0, 1, 2
WIDTH = 150


def run_ingest(
    source: Path,
    into: Path | None,
    *,
    check: bool = False,
    wait: bool = True,
    ignore_unknown: bool = False,
    language: Language = Language.BOTH,
    as_json: bool = False,
) -> int:
    """Land a directory and print the report.

    Returns:
        Exit code: 0 all is landed, 1 something was refused, not recognised or quarantined, or control totals differ
        (all else is landed), 2 the command cannot be carried out and nothing has changed.
    """
    err = Console(stderr=True)
    try:
        report = _ingest(source, into, check, wait, err)
    except (LandingError, PrivacyError, ContractError, LayoutError) as error:
        err.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        return UNUSABLE
    except (OSError, sqlite3.Error) as error:
        err.print(f"[red]error:[/red] {error}. Nothing has changed.", highlight=False, soft_wrap=True)
        return UNUSABLE
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
    else:
        console = Console()
        # a pipe has no width; the tables need some
        Show(console if console.is_terminal else Console(width=WIDTH), language).report(report, ignore_unknown)
    return WRONG if report.is_wrong(ignore_unknown) else FINE


def _ingest(source: Path, into: Path | None, check: bool, wait: bool, err: Console) -> Report:
    with ExitStack() as stack:
        progress = stack.enter_context(_bar(err))
        told = {"check": check, "wait": wait, "progress": progress, "tell": lambda text: err.print(text, markup=False)}
        contracts = load_contracts()
        if check or into is None:
            return ingest(source, into, contracts=contracts, **told)
        secret = load_secret(into)
        vault = stack.enter_context(open_vault(secret, into))
        return ingest(source, into, contracts=contracts, secret=secret, vault=vault, **told)


@contextmanager
def _bar(console: Console) -> Iterator[Progressing]:
    """A bar of bytes read; nothing when nobody looks."""
    if not console.is_terminal:
        yield lambda file, done, total: None
        return
    columns = (BarColumn(20), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(file: str, done: int, total: int) -> None:
            bar.update(task, description=file[-24:], completed=done, total=total)

        yield tell
