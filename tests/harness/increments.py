"""Increments on a shared target equal a whole build: `python -m harness.increments postgres`.

The demo is landed in parts and built; then comes what comes in practice, late, again, in another order, or goes, and
the next build takes it in. Every table is compared with what `dbt run --full-refresh` makes of the same landing. What
each change has to reach is tested on DuckDB, model by model (tests/python/test_increment.py); the ledgers are the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from harness.landings import BEFORE, DAY, MEMBERS, MESSAGES, NEWEST, OTHERS, SEEDS, call_back, land
from kpi.ingest.landing import Landing
from kpi.semantic import SemanticLayer
from kpi.sql import literal

SPLIT = (MESSAGES, MEMBERS, *OTHERS)
LAYERS = ("staging", "intermediate", "marts", "quality")
MARKS = {"build_state"}  # no model
SHOWN = 20_000  # characters of a failure
KEPT = "int_messages_flagged"  # of which most days are as they were


def land_first(landing: Path) -> None:
    """All exports as they were at the beginning of May, nine days of messages missing."""
    for file in sorted(SEEDS.glob("*.csv")):
        if file.stem not in SPLIT:
            land(landing, "from seed", "2026-05-20 08:00:00", file.stem)
    land(landing, f"from seed where {DAY} < date '2026-03-01' or msgtime is null", "2026-03-01 08:00:00")
    land(landing, f"from seed where {DAY} between date '2026-03-10' and date '2026-04-30'", "2026-05-01 08:00:00")
    land(landing, f"from seed where {DAY} = date '2026-02-11'", "2026-05-01 09:00:00")  # twice, and gone later
    for export in OTHERS:
        land(landing, f"from seed where _exported_at < {BEFORE}", "2026-05-01 08:00:00", export)
    land(landing, f"from seed where _exported_at < {NEWEST}", "2026-05-01 08:00:00", MEMBERS)


def land_second(landing: Path) -> None:
    """What comes afterwards."""
    land(landing, f"from seed where {DAY} = date '2026-05-01'", "2026-05-02 08:00:00")  # the next day
    land(
        landing, f"from seed where {DAY} between date '2026-03-01' and date '2026-03-09'", "2026-05-02 09:00:00"
    )  # late
    again = "* replace ('2026-05-02 10:00:00' as _exported_at, case msgtype when 'text' then '1' end as text_length)"
    land(landing, f"select {again} from seed where {DAY} = date '2026-04-30'", "2026-05-02 10:00:00")  # exported again
    back = "'taken_back' as msgid, 'recall' as action, msgid as pre_msgid, '1777600000000' as msgtime"
    back += ", '2026-05-02 11:00:00' as _exported_at"
    spoken = f"{DAY} = date '2026-03-20' and action = 'send' and msgtype = 'text'"
    land(landing, f"select * replace ({back}) from seed where {spoken} limit 1", "2026-05-02 11:00:00")
    for export in OTHERS:
        land(landing, f"from seed where _exported_at = {NEWEST}", "2026-05-02 08:00:00", export)
        land(landing, f"from seed where _exported_at = {BEFORE}", "2026-05-02 09:00:00", export)  # late
    land(landing, f"from seed where _exported_at = {NEWEST}", "2026-05-21 08:00:00", MEMBERS)
    chat, key = duckdb.sql(
        f"select chat_id, userid from read_csv('{SEEDS / MEMBERS}.csv', all_varchar = true) "
        "where starts_with(userid, 'wm_') group by all order by count(*) desc, 1, 2 limit 1"
    ).fetchall()[0]
    events = (
        call_back("2026-04-10 08:00:00", chat, key, "del_member"),
        call_back("2026-04-13 08:00:00", chat, key, "add_member"),
    )
    said = "select * replace ('2026-05-04 08:00:00' as _exported_at) from"  # no earlier than what it says
    land(
        landing, " union all ".join(f"{said} {event}" for event in events), "2026-05-04 08:00:00", "wecom__group_events"
    )
    with Landing.locked(landing) as locked, locked.rewrite() as change:
        change.replace(locked.parts(MESSAGES)[2], None)  # what was there twice
        change.replace(locked.parts("youzan__orders")[0], None)  # what no later export says again, is gone


class Target:
    """The target's tables, built of one landing."""

    def __init__(self, name: str, landing: Path) -> None:
        """Nothing is built yet."""
        self.name = name
        self.environment = os.environ | {"COMMUNITY_METRICS_TARGET": name, "COMMUNITY_METRICS_EXPORTS": str(landing)}

    def tried(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is."""
        words = [sys.executable, "-W", "ignore", *command]
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False)

    def run(self, *command: str) -> None:
        """Run a command to its end.

        Raises:
            SystemExit: when it fails, with what it printed.
        """
        done = self.tried(*command)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{(done.stdout + done.stderr)[-SHOWN:]}")

    def build(self, *options: str) -> None:
        """Copy what is landed, and build the models."""
        self.run("-m", "kpi.cli", "load", "--target", self.name, "--replace")
        self.run("-m", "dbt.cli.main", "--no-write-json", "run", *options)

    def tables(self) -> dict[str, tuple[int, int]]:
        """Of every table how many rows it has, and one number for all of them."""
        found = {}
        with SemanticLayer(Path(), target=self.name).connected() as layer:
            for place in LAYERS:
                schema = layer.places[place]
                names = layer.sql(
                    "select table_name from information_schema.tables where table_schema = "
                    f"{literal(schema.rpartition('.')[2].strip(chr(34)))} order by table_name"
                ).rows
                for (name,) in names:
                    if name not in MARKS:
                        number = "coalesce(sum(hashtextextended(cast(counted as text), 0)), 0)"
                        asked = f"select count(*), {number} from {schema}.{layer.quoted(name)} as counted"
                        found[f"{place}.{name}"] = tuple(map(int, layer.sql(asked).rows[0]))
        return found

    def days_by_run(self) -> list[int]:
        """How many days of messages each run built, the most first."""
        with SemanticLayer(Path(), target=self.name).connected() as layer:
            ledger = f"{layer.places['marts'].replace('marts', 'increments')}.{KEPT}"
            asked = f"select count(*) from {ledger} where input = 'self' group by version order by 1 desc"
            return [days for (days,) in layer.sql(asked).rows]


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, change, build, compare; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m harness.increments", description="increments and a whole build")
    parser.add_argument("target", help="of profiles.yml")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder) / "landing"
        landing.mkdir()
        target = Target(given.target, landing)
        land_first(landing)
        target.run("-m", "dbt.cli.main", "--no-write-json", "seed")  # the reference tables
        target.build("--full-refresh")
        first = target.tables()
        land_second(landing)
        target.build()
        stood, ran = target.tables(), target.days_by_run()
        target.build("--full-refresh")
        whole = target.tables()
    said = [
        f"{name}: {stood.get(name)} rows and their number, a whole build has {whole.get(name)}"
        for name in sorted(stood.keys() | whole.keys())
        if stood.get(name) != whole.get(name)
    ]
    changed = sum(first.get(name) != rows for name, rows in whole.items())
    if len(ran) != 2 or ran[1] > ran[0]:
        said.append(f"{KEPT}: days by run {ran}: the second build was no increment")
    if changed < len(whole) / 4:
        said.append(f"only {changed} of {len(whole)} tables changed: too little to show anything")
    print(
        "\n".join(said)
        or f"increments equal a whole build: {len(whole)} tables, {changed} of them changed, days by run {ran}"
    )
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
