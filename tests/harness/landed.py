"""Landed exports read by a shared target stage as the seeds do on DuckDB: `python -m harness.landed spark`.

The same rows lie in the landing as in the seeds, so every column is the same but the one that says from which part a
row came. One export is landed in two parts, of which the older one lacks a column; one lies there as a CSV put by hand,
and messages as Parquet put by hand, which is then replaced.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from harness.engines import columns_of, rows_apart
from harness.increments import OWN, SHOWN, Target
from harness.landings import MESSAGES, SEEDS, land
from kpi.semantic import SemanticLayer
from kpi.targets import EMBEDDED

IN_PARTS = "wecom__group_members"
MESSAGES_READ = f"base_{MESSAGES}"
BY_HAND = "manual__communities"
EXPORTS = (IN_PARTS, BY_HAND, "youzan__orders", "wecom__group_events", "wechat_pay__trade_bills")


def main(arguments: Sequence[str] | None = None) -> int:
    """Land, build, compare; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m harness.landed", description="landed exports on a shared target")
    parser.add_argument("target", help="of profiles.yml")
    given = parser.parse_args(arguments)
    models = [f"{layer}_{export}" for export in EXPORTS for layer in ("base", "stg")] + [MESSAGES_READ]
    with tempfile.TemporaryDirectory(prefix="land ed") as folder:  # nobody promises a path without spaces
        Path(folder).chmod(0o755)
        land_some(Path(folder))
        target = Target(given.target, Path(folder))
        target.dbt("run", "--select", *models)
        ours, theirs = SemanticLayer(Path(), target=EMBEDDED), SemanticLayer(Path(), target=given.target)
        with ours.connected(), theirs.connected():
            tables = columns_of(ours, "staging")
            said = [
                line
                for name in models
                for line in rows_apart(ours, theirs, name, [c for c in tables[name] if c not in OWN], "staging")
            ]
            base = f"{theirs.places['staging']}.base_{IN_PARTS}"
            parts = theirs.sql(f"select landed_part, count(*) from {base} group by landed_part").rows
            said += not_replaced(target, Path(folder), theirs)
        refused = not_refused(target, Path(folder))
    if len(parts) != 2 or not all(str(part).startswith(f"{IN_PARTS}/exported_on=") for part, _ in parts):
        said.append(f"landed_part of base_{IN_PARTS}: {parts}")
    said += refused
    print("\n".join(said) or f"{given.target} reads landed exports as duckdb the seeds: {len(models)} tables")
    return 1 if said else 0


def put_messages(landing: Path, rows: str = "true") -> None:
    """Put some of the messages there as Parquet."""
    seed = f"read_csv('{SEEDS / MESSAGES}.csv', all_varchar = true)"
    duckdb.sql(f"select * from {seed} where {rows}").write_parquet(str(landing / f"{MESSAGES}.parquet"))


def not_replaced(target: Target, landing: Path, layer: SemanticLayer) -> list[str]:
    """What is wrong once the messages put by hand are others."""
    put_messages(landing, "msgtype = 'text'")
    target.dbt("run", "--select", MESSAGES_READ)
    table = f"{layer.places['staging']}.{MESSAGES_READ}"
    found = layer.sql(f"select message_type, count(distinct landed_part) from {table} group by message_type").rows
    return [] if found == [("text", 1)] else [f"{MESSAGES_READ} of a file that was replaced: {found}"]


def land_some(landing: Path) -> None:
    """Land the exports that are staged."""
    put_messages(landing)
    for export in EXPORTS:
        if export == BY_HAND:
            (landing / f"{export}.csv").write_bytes((SEEDS / f"{export}.csv").read_bytes())
        elif export != IN_PARTS:
            land(landing, "from seed", "2026-05-20 08:00:00", export)
    land(landing, "select * exclude (invitor) from seed where invitor is null", "2026-03-01 08:00:00", IN_PARTS)
    land(landing, "from seed where invitor is not null", "2026-05-20 08:00:00", IN_PARTS)


def not_refused(target: Target, landing: Path) -> list[str]:
    """What a build takes that it has to refuse, for a pattern of Spark that fits nothing is silent."""
    build = ("-m", "dbt.cli.main", "--no-write-json", "run", "--select", f"base_{IN_PARTS}")
    part = next((landing / IN_PARTS).rglob("*.parquet"))
    odd = landing / "manual__costs.{a,b}.csv"
    wrong = []
    for name, other, message in (
        (part, part.with_suffix(".away"), "landed.json lists it, and it is not there"),
        (landing / f"{BY_HAND}.csv", odd, "Spark reads names with"),
    ):
        name.rename(other)
        done = target.tried(*build)
        if done.returncode == 0 or message not in " ".join(done.stdout.split()):
            wrong.append(f"{message}: not said: {done.stdout[-SHOWN:]}")
        other.rename(name)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
