"""The commands about persons: ``kpi reidentify``, ``kpi erase``, ``kpi rekey``, ``kpi expire``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

err = Console(stderr=True)
LandingOption = Annotated[
    Path, typer.Option("--landing", help="Landing directory.", envvar="COMMUNITY_METRICS_EXPORTS", exists=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def said_plainly() -> Iterator[None]:
    """Errors without a traceback: what keeps the command from working, and how to get on. Exit code 2."""
    from kpi.ingest.manifest import LandingError
    from kpi.privacy.keys import PrivacyError
    from kpi.publish.draft import PublishError
    from kpi.warehouse import WarehouseError

    try:
        yield
    except (PrivacyError, LandingError, PublishError, WarehouseError) as error:
        err.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error


def _print_servers(landing: Path) -> None:
    """What a build does not reach by itself: copies on servers, and the figures that were exported there."""
    err.print(
        "On a server too 服务器上也要: PostgreSQL holds a copy, "
        f"so first kpi load --landing {landing} --target postgres; then dbt build, kpi export and kpi publish with "
        "that --target. On Spark export and publish twice: the last two sets stay.",
        highlight=False,
        soft_wrap=True,
    )


def _print_rows(title: str, rows: dict[str, int]) -> None:
    table = Table("export", "rows 行数", title=title)
    for export, count in sorted(rows.items()):
        table.add_row(export, f"{count:,}")
    Console().print(table)


def reidentify_command(
    keys: Annotated[list[str], typer.Argument(help="Keys of persons, e.g. wm_ and 32 digits.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; recorded beside the identity map.")],
    landing: Annotated[
        Path | None, typer.Option("--landing", help="Landing directory.", envvar="COMMUNITY_METRICS_EXPORTS")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the raw ids behind keys; who asked, when and why is recorded. 查回原始标识（留痕）."""
    from kpi.privacy.keys import load_secret
    from kpi.privacy.reidentify import reidentify

    with said_plainly():
        found = reidentify(keys, reason, load_secret(landing, create=False), landing)
    if as_json:
        typer.echo(json.dumps({key: found[key].raw if key in found else None for key in keys}, ensure_ascii=False))
    else:
        for key in keys:
            typer.echo(f"{key}\t{found[key].raw if key in found else '(not in the identity map 未登记)'}")
    if missing := sum(key not in found for key in keys):
        err.print(f"{missing} of {len(keys)} keys are not in the identity map.", highlight=False)
        raise typer.Exit(1)


def erase_command(
    key: Annotated[str, typer.Argument(help="A key of the person; their other keys are found.")],
    landing: LandingOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    delete_rows: Annotated[bool, typer.Option("--delete-rows", help="Remove the rows; figures change.")] = False,
    warehouse: Annotated[
        Path | None, typer.Option("--warehouse", help="Also replace the keys in this DuckDB file.", exists=True)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a person: out of the identity map, and rows made nobody's, so that figures stay. 删除个人."""
    from kpi.ingest.landing import Landing
    from kpi.privacy.erase import erase, look_up
    from kpi.privacy.keys import load_secret
    from kpi.privacy.warehouse import replace_in_warehouse

    with said_plainly():
        secret = load_secret(landing, create=False)
        if not yes:
            person = look_up(Landing.open(landing), key)
            typer.confirm(
                f"Erase this person ({len(person.keys)} keys) for good? 确定永久删除此人？", abort=True, err=True
            )
        done = erase(landing, key, secret, delete_rows=delete_rows)
        cells = None
        if warehouse is not None and not delete_rows:
            cells = replace_in_warehouse(warehouse, done.replacement)
    if as_json:
        summary = {"keys": done.keys, "shared_phones": sorted(done.shared), "rows": done.rows, "warehouse_cells": cells}
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    _print_rows(f"erased 已删除: {done.keys} keys", done.rows)
    if done.shared:
        err.print(
            f"{len(done.shared)} phone keys are noted for other people too and stay: {', '.join(sorted(done.shared))}. "
            "If the number is this person's alone, erase it by its key.",
            soft_wrap=True,
        )
    if done.by_hand:
        err.print(f"not looked at, landed by hand: {', '.join(sorted(done.by_hand))}", soft_wrap=True)
    if cells is None:
        err.print("Run dbt build now: until then the warehouse holds the old keys. 请运行 dbt build。", soft_wrap=True)
    else:
        err.print(f"{cells:,} cells of {warehouse} changed.", highlight=False, soft_wrap=True)
    _print_servers(landing)
    err.print("Delete the original files that hold the person, and copies of published files.", soft_wrap=True)


def rekey_command(landing: LandingOption, as_json: JsonOption = False) -> None:
    """Make a new secret, and all keys of a landing directory anew. 更换密钥."""
    from kpi.privacy.keys import load_secret
    from kpi.privacy.rekey import new_secret, rekey

    with said_plainly():
        old = load_secret(landing, create=False)
        done = rekey(landing, old, new_secret(old))
    if as_json:
        summary = {"known": done.known, "unknown": done.unknown, "parts": done.parts}
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    Console().print(f"{done.parts} parts rewritten; {done.known:,} keys of the identity map made anew.")
    if done.unknown:
        err.print(
            f"{len(done.unknown):,} keys have no entry in the identity map. They were hashed once more: a file that is "
            "ingested later gives the same people other keys:",
            soft_wrap=True,
        )
        for old_key, new_key in sorted(done.unknown.items()):
            typer.echo(f"{old_key}\t{new_key}")
    where = done.secret_file or "COMMUNITY_METRICS_SECRET, which you set now to the new secret"
    err.print(f"The secret is in {where}. Run dbt build now. 请运行 dbt build。", highlight=False, soft_wrap=True)
    _print_servers(landing)


def expire_command(
    landing: LandingOption,
    today: Annotated[datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], help="The day it is.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove landed rows that are older than their contract keeps them. 到期清理."""
    from kpi.privacy.expire import expire
    from kpi.privacy.keys import load_secret

    day = (today or datetime.now(UTC) + timedelta(hours=8)).date()
    with said_plainly():
        done = expire(landing, load_secret(landing, create=False), day, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps({"today": str(day), "rows": done.rows, "identities": done.identities}))
        return
    _print_rows("would expire 将到期" if dry_run else "expired 已到期", done.rows)
    first = ", ".join(f"{export} {done.first_kept[export]}" for export in sorted(done.rows))
    err.print(f"{done.identities:,} entries of the identity map. First day that stays: {first or '-'}", soft_wrap=True)
    if done.rows and not dry_run:
        err.print("Run dbt build now: figures of the days that went become unknown. 请运行 dbt build。", soft_wrap=True)
        _print_servers(landing)
