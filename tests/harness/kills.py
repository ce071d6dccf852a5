"""Kill builds, exports and publications of the demo at random moments, and see what is left.

usage: python -m harness.kills [--kills N] [--seed S] [--select NODES] [--serve-every N]

Each build goes on from the wreck of the one before. After every kill all tables answer, the mark of an unfinished build
is there if a table was touched, and the exported tables and the published file are what they were; a build that ends
by itself with an error is a failure of this program. In the end one build has a full disk, one is left alone but for a
second one that is started meanwhile and must refuse, and every table has to be the same, row by row, as after the build
before all kills.
Nodes are all tables without their tests; ``--select`` takes fewer.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from harness.builds import Build
from harness.golden import ROOT
from kpi.warehouse import unfinished_tables

FOLDER = ROOT / "target" / "kills"
FILE = FOLDER / "community_metrics.duckdb"
PUBLISHED = FOLDER / "bi.duckdb"
ENVIRONMENT = {
    "COMMUNITY_METRICS_DB": str(FILE),
    "COMMUNITY_METRICS_EXPORTS": "",
    "DBT_PROFILES_DIR": str(ROOT),
    "DBT_TARGET_PATH": str(FOLDER / "target"),
    "DBT_LOG_PATH": str(FOLDER / "logs"),
}
# two of them name the build, which is another one each time
TABLES = """
select schema_name, table_name from duckdb_tables()
where not internal and table_name not in ('build_state', 'export_log') order by all
"""


def tables(file: Path, *, rows: bool = True) -> dict[str, tuple[int, ...]]:
    """Every table of a file with its number of rows and, if wanted, a sum over the hashes of all rows.

    Raises:
        duckdb.Error: when the file, or a table of it, does not answer.
    """
    found = {}
    with duckdb.connect(file, read_only=True) as db:
        db.execute("set threads = 2")
        for schema, table in db.execute(TABLES).fetchall():
            content = ", sum(hash(t)::hugeint)" if rows else ""
            query = f'select count(*){content} from "{schema}"."{table}" as t'
            found[f"{schema}.{table}"] = db.execute(query).fetchone()
    return found


def build(name: str, select: list[str], most_bytes: int = 0) -> Build:
    """Start a build of the demo."""
    return Build(
        ROOT,
        *("--no-write-json", "build", "--exclude-resource-type", "test", "unit_test", *select),
        environment=ENVIRONMENT,
        log=FOLDER / f"{name}.log",
        most_bytes=most_bytes,
    )


def require(is_so: bool, what: str, text: str = "") -> None:
    """End the program where something is not as it should be."""
    if not is_so:
        sys.exit(f"{what}\n{text}")


def started(text: str) -> int:
    """How many tables a build has begun to make, by its output."""
    return text.count(" START sql ") + text.count(" START seed ")


def kill_a_build(name: str, select: list[str], nodes: int, chance: random.Random) -> str:
    """Kill a build at a random node, look at what it left, and tell how far it came."""
    at, pause = chance.randint(0, nodes), chance.random() / 4
    run = build(name, select)
    if run.until(lambda text: started(text) >= at, patience=3600):
        time.sleep(pause)
        run.kill()
    code = run.end()
    require(code <= 0, f"{name} ended by itself", run.text)
    answers = tables(FILE, rows=False)
    with duckdb.connect(FILE, read_only=True) as db:
        marked = len(unfinished_tables(db))
    require(bool(marked) or not started(run.text) or code == 0, f"{name} left no mark", run.text)
    return f"at node {started(run.text)} of {nodes}: {len(answers)} tables answer, {marked} marked as unfinished"


SERVING = {"export": [], "publish": ["--to", str(PUBLISHED)]}


def serving(command: str) -> subprocess.Popen[str]:
    """Start ``kpi export`` or ``kpi publish``."""
    return subprocess.Popen(
        [sys.executable, "-m", "kpi.cli", command, *SERVING[command]],
        cwd=ROOT, env=os.environ | ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def serve(command: str) -> float:
    """Export or publish to the end; seconds that it took."""
    start = time.monotonic()
    run = serving(command)
    text, _ = run.communicate()
    require(run.returncode == 0, f"kpi {command} failed", text)
    return time.monotonic() - start


def kill_serving(command: str, took: float, chance: random.Random) -> str:
    """Kill an export or a publication at a random moment; the warehouse holds what it held before."""
    before = tables(FILE)
    run = serving(command)
    pause = chance.random() * took
    time.sleep(pause)
    run.kill()
    run.communicate()
    require(tables(FILE) == before, f"a killed kpi {command} left other tables")
    return f"kpi {command} after {pause / took:.0%} of its time"


def undisturbed(name: str, select: list[str]) -> int:
    """A build to its end, a second one started meanwhile; the number of its nodes."""
    run = build(name, select)
    require(run.until(lambda text: started(text) > 0, patience=3600), f"{name} did not start", run.text)
    second = build(f"{name}-second", select)
    refused = second.end() == 1 and f"PID {run.pid}" in second.text and "Traceback" not in second.text
    ended = run.end()
    require(ended == 0, f"{name} failed", run.text)
    require(refused or second.end() == 0, "the second build neither refused nor succeeded", second.text)
    return started(run.text)


def main() -> None:
    """Kill, look, and say so line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve-every", type=int, default=5, help="each so-manieth kill hits kpi export or publish")
    parser.add_argument("--select", nargs="*", default=[])
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    select = ["--select", *asked.select] if asked.select else []

    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "target").mkdir(parents=True)
    shutil.copy(ROOT / "warehouse" / "test" / FILE.name, FILE)
    nodes = undisturbed("first", select)
    print(f"{nodes} nodes; a second build at the same time refused")
    took = {command: serve(command) for command in SERVING} if asked.serve_every else {}
    reference = tables(FILE)
    published = tables(PUBLISHED) if took else {}
    since = False  # whether the warehouse is whole now, so that it may be published
    for kill in range(1, asked.kills + 1):
        if took and kill % asked.serve_every == 0:
            if not since:
                undisturbed(f"mend-{kill}", select)
            command = chance.choice(list(took))
            said, since = kill_serving(command, took[command], chance), True
        else:
            said, since = kill_a_build(f"kill-{kill}", select, nodes, chance), False
        if published:
            require(tables(PUBLISHED) == published, f"kill {kill}: the published file is another")
        print(f"kill {kill}: {said}", flush=True)

    full = build("full-disk", select, most_bytes=FILE.stat().st_size // 2)
    require(full.end() == 1, "the disk was not full", full.text)
    tables(FILE, rows=False)
    print("full disk: the build says so, all tables answer")
    undisturbed("last", select)
    if took:
        serve("export")
    last = tables(FILE)
    different = [name for name in reference | last if reference.get(name) != last.get(name)]
    require(not different, f"other tables than an undisturbed build makes: {', '.join(different)}")
    if published:
        serve("publish")
        require(tables(PUBLISHED) == published, "the published file is another")
        left = [path.name for path in FOLDER.iterdir() if PUBLISHED.name in path.name and path != PUBLISHED]
        require(all(name.endswith(".lock") for name in left), f"left behind: {left}")
    print(f"{asked.kills} kills: {len(last)} tables are the same as before all of them")


if __name__ == "__main__":
    main()
