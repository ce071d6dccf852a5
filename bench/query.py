"""What a question costs from the command line, as ratios of CPU seconds within one session.

usage: python bench/query.py [--rounds 7]    (from the root of a built project)

A repeated `kpi query` is set against the bare price: an interpreter that imports DuckDB, opens the warehouse in the same
way, runs the same SQL and prints the rows. A new one is set against `mf query` end to end, each with nothing remembered.
Rounds are interleaved, so that a busy machine slows down all alike; medians are compared.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

METRICS = ["join_rate", "leave_rate", "interaction_rate"]
GROUP = "metric_time__month"
TARGETS = {"repeated, csv": ("bare", 1.3), "repeated, table": ("bare", 1.3), "new": ("mf query", 1 / 3)}
BARE = """
import duckdb, sys
with duckdb.connect() as db:
    db.execute(f"attach '{sys.argv[1]}' as community_metrics (read_only)")
    db.execute("use community_metrics")
    db.execute("set TimeZone = 'Asia/Shanghai'")
    for row in db.execute(sys.stdin.read()).fetchall():
        print(*row, sep=",")
"""


def seconds(command: list[str], environment: dict[str, str], stdin: str = "") -> float:
    """CPU seconds, user and system, of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, input=stdin, text=True, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print; exit status 1 when a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=7)
    rounds = arguments.parse_args().rounds
    python, here = sys.executable, Path.cwd()
    warehouse = here / (os.environ.get("COMMUNITY_METRICS_DB") or "warehouse/community_metrics.duckdb")
    with tempfile.TemporaryDirectory() as folder:
        paths = os.pathsep.join(filter(None, [str(here), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {
            "COMMUNITY_METRICS_CACHE": folder,
            "DBT_PROFILES_DIR": str(here),
            "PYTHONPATH": paths,
        }
        ask = [python, "-m", "kpi.cli", "query", *METRICS, "--grain", "month"]
        sql = subprocess.run([*ask, "--sql"], env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        mf = [
            str(Path(python).with_name("mf")),
            "query",
            "--quiet",
            "--metrics",
            ",".join(METRICS),
            "--group-by",
            GROUP,
        ]

        def new() -> float:
            shutil.rmtree(folder, ignore_errors=True)
            return seconds([*ask, "--format", "csv"], environment)

        ways = {
            "bare": lambda: seconds([python, "-c", BARE, str(warehouse)], environment, sql),
            "repeated, csv": lambda: seconds([*ask, "--format", "csv"], environment),
            "repeated, table": lambda: seconds(ask, environment),
            "new": new,
            "mf query": lambda: seconds([*mf, "--order", GROUP], environment),
        }
        taken = defaultdict(list)
        for at in range(rounds):
            for name, way in ways.items():
                if name != "mf query" or at < 3:
                    taken[name].append(way())
    median = {name: statistics.median(times) for name, times in taken.items()}
    missed = 0
    for name, cpu in median.items():
        line = f"{name:16} {cpu:6.2f} CPU s"
        if name in TARGETS:
            other, most = TARGETS[name]
            missed += cpu > most * median[other]
            line += f"  {cpu / median[other]:5.2f} x {other} (target: at most {most:.2f})"
        print(line)
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
