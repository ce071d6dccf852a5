"""Increments on a shared target equal a whole build: `python -m harness.increments postgres|spark`.

The demo is landed in parts and built; then comes what comes in practice, late, again, in another order, or goes, and
the next build takes it in. On PostgreSQL every table is compared with what `dbt run --full-refresh` makes there of the
same landing; on Spark the models that are built by day, and all before them, with what DuckDB makes of it. What each
change has to reach is tested on DuckDB, model by model (tests/python/test_increment.py).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from harness.engines import columns_of, rows_apart
from harness.landings import BEFORE, DAY, MEMBERS, MESSAGES, NEWEST, OTHERS, SEEDS, call_back, land
from kpi.ingest.landing import Landing
from kpi.semantic import SemanticLayer
from kpi.sql import literal
from kpi.targets import EMBEDDED

SPLIT = (MESSAGES, MEMBERS, *OTHERS)
LAYERS = ("staging", "intermediate", "marts", "quality")
MARKS = {"build_state"}  # no model
OWN = {"content_hash", "landed_part"}  # each engine has its own
SHOWN = 20_000  # characters of a failure
LOST = "2026-03-25"
KILLED = "int_replies_counted"  # while its partitions were being replaced
UNLISTED = "int_sign_ups_listed"  # its ledger is gone
KEPT = "int_messages_flagged"  # of which most days are as they were


def land_first(landing: Path) -> None:
    """All exports as they were at the beginning of May, nine days of messages missing."""
    for file in sorted(SEEDS.glob("*.csv")):
        if file.stem not in SPLIT:
            land(landing, "from seed", "2026-05-20 08:00:00", file.stem)
    winter = f"{DAY} between date '2026-01-20' and date '2026-02-28'"
    land(landing, f"from seed where {winter} or msgtime is null", "2026-03-01 08:00:00")
    months = f"{DAY} between date '2026-03-10' and date '2026-04-30' and {DAY} != date '{LOST}'"
    land(landing, f"from seed where {months}", "2026-05-01 08:00:00")
    land(landing, f"from seed where {DAY} = date '2026-02-11'", "2026-05-01 09:00:00")  # twice, and gone later
    land(landing, f"from seed where {DAY} = date '{LOST}'", "2026-05-01 10:00:00")  # gone later
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
        change.replace(locked.parts(MESSAGES)[3], None)  # a day of which no message is left
        change.replace(locked.parts("youzan__orders")[0], None)  # what no later export says again, is gone


class Target:
    """The target's tables, built of one landing."""

    def __init__(self, name: str, landing: Path, **environment: Path) -> None:
        """Nothing is built yet; further variables of the environment may say where it will be."""
        self.name = name
        self.environment = os.environ | {"COMMUNITY_METRICS_TARGET": name, "COMMUNITY_METRICS_EXPORTS": str(landing)}
        self.environment |= {variable: str(path) for variable, path in environment.items()}

    def tried(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is."""
        words = [sys.executable, "-W", "ignore", *command]
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False)

    def dbt(self, *options: str) -> str:
        """Run dbt to its end, and leave no files: what it printed."""
        return self.run("-m", "dbt.cli.main", "--no-write-json", *options)

    def listed(self, selected: str) -> list[str]:
        """The names of the models that are selected."""
        return self.dbt("--quiet", "ls", "--resource-type", "model", "--output", "name", "--select", selected).split()

    def run(self, *command: str) -> str:
        """Run a command to its end: what it printed.

        Raises:
            SystemExit: when it fails, with what it printed.
        """
        done = self.tried(*command)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{(done.stdout + done.stderr)[-SHOWN:]}")
        return done.stdout

    def build(self, *options: str) -> None:
        """Build the models of what is landed, once it is copied where the target reads no files."""
        if self.name == "postgres":
            self.run("-m", "kpi.cli", "load", "--target", self.name, "--replace")
        self.dbt("run", *options)

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
        said, ran, tables = (by_day if given.target == "spark" else of_all)(target, landing)
    if len(ran) != 2 or ran[1] > ran[0]:
        said.append(f"{KEPT}: days by run {ran}: the second build was no increment")
    print("\n".join(said) or f"increments equal a whole build: {tables}, days by run {ran}")
    return 1 if said else 0


def of_all(target: Target, landing: Path) -> tuple[list[str], list[int], str]:
    """Every table of the target, compared with a whole build there: what differs, days by run, what was compared."""
    target.dbt("seed")  # the reference tables
    target.build("--full-refresh")
    first = target.tables()
    land_second(landing)
    target.build()
    stood = target.tables()
    ran = target.days_by_run()
    target.build("--full-refresh")
    whole = target.tables()
    said = [
        f"{name}: {stood.get(name)} rows and their number, a whole build has {whole.get(name)}"
        for name in sorted(stood.keys() | whole.keys())
        if stood.get(name) != whole.get(name)
    ]
    changed = sum(first.get(name) != rows for name, rows in whole.items())
    if changed < len(whole) / 4:
        said.append(f"only {changed} of {len(whole)} tables changed: too little to show anything")
    return said, ran, f"{len(whole)} tables, {changed} of them changed"


def by_day(target: Target, landing: Path) -> tuple[list[str], list[int], str]:
    """The target's models by day, compared with a build of the landing on DuckDB: likewise."""
    names = sorted(target.listed("config.incremental_strategy:insert_overwrite"))
    chosen = ("--select", *(f"+{name}" for name in names))
    embedded = Target(
        EMBEDDED,
        landing,
        COMMUNITY_METRICS_DB=landing.parent / "whole.duckdb",
        DBT_TARGET_PATH=landing.parent / "target",
    )
    embedded.dbt("seed")  # the reference tables
    target.build("--full-refresh", *chosen)
    land_second(landing)
    die_before_the_ledger(target)
    with ThreadPoolExecutor() as beside:
        others = [beside.submit(target.build, *chosen), beside.submit(embedded.build, *chosen)]
    for other in others:
        other.result()
    ours = SemanticLayer(Path(), warehouse=landing.parent / "whole.duckdb")
    theirs = SemanticLayer(Path(), target=target.name)
    said = []
    with ours.connected(), theirs.connected():
        for place in LAYERS:
            for name, columns in columns_of(ours, place).items():
                if name in names:
                    said += rows_apart(ours, theirs, name, [c for c in columns if c not in OWN], place)
    ran = target.days_by_run()
    die_while_replacing(target)
    target.build("--select", KILLED, UNLISTED)
    with ours.connected(), theirs.connected():  # a session that has read a table holds on to the files of then
        for name in (KILLED, UNLISTED):
            columns = columns_of(ours, "intermediate")[name]
            said += [f"again: {line}" for line in rows_apart(ours, theirs, name, columns, "intermediate")]
    return said, ran, f"{len(names)} models by day"


def die_before_the_ledger(target: Target) -> None:
    """Leave the archive as a build does that dies once it has put in a part, which is then landed anew."""
    layer = SemanticLayer(Path(), target=target.name)
    table = f"{layer.places['staging']}.base_{MESSAGES}"
    told(layer, f"insert into {table} select * except (landed_part), 'dead' from {table} where sent_date = '{LOST}'")


def die_while_replacing(target: Target) -> None:
    """Leave a model as a build does that dies while it replaces partitions, and another one as builds of seeds do."""
    layer = SemanticLayer(Path(), target=target.name)
    place = layer.places["intermediate"]
    ((day,),) = layer_rows(layer, f"select max(date_day) from {place}.{KILLED}")
    mark = "set tblproperties ('community_metrics.definition' = 'replacing partitions')"
    told(
        layer,
        f"alter table {place}.{KILLED} drop partition (date_day = '{day}')",
        f"alter table {place}.{KILLED} {mark}",
        f"drop table {place.replace('intermediate', 'increments')}.{UNLISTED}",
    )


def layer_rows(layer: SemanticLayer, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, in a session of its own."""
    with layer.connected():
        return layer.sql(query).rows


def told(layer: SemanticLayer, *statements: str) -> None:
    """Have a server do what kpi does not."""
    with closing(layer.engine.connect()) as connection, closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)


if __name__ == "__main__":
    sys.exit(main())
