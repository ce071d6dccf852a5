"""How the work grows with the messages: `make bench MESSAGES="1000000 10000000"`, or 50000000, 200000000.

For each size: exports are generated as Parquet (or taken from --exports), the project is built from them in a scratch
folder (tables alone, then with data tests, then again with nothing new), hand-written SQL makes the daily tables of
messages from the same file (bench/handwritten/daily.sql; it must give the same rows), and the metrics of the catalogue
are asked beside hand-written SQL (bench/catalogue.py). Printed are CPU seconds, wall seconds and peak memory of each
process, each as a multiple of the size before, and what the models of the same tables cost as a multiple of the
hand-written SQL. One session, one machine: read the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
HANDWRITTEN = ROOT / "bench" / "handwritten"
# the tables of daily.sql, and what only leads to them
SAME_TABLES = (
    *("base_wecom__messages", "stg_wecom__messages", "int_messages_flagged"),
    *("fct_message_hours", "fct_interaction_days"),
)
# the demo's deliberate faults grow with it and nobody acknowledges them here
LEFT_OUT = ("--exclude", "quarantined_rows_are_acknowledged")


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU and wall seconds, and peak memory in MB."""

    cpu: float
    wall: float
    peak: float


def measure(command: list[str], environment: dict[str, str], log: Path) -> Cost:
    """Run to the end.

    Raises:
        SystemExit: when the command fails; its output is shown.
    """
    start = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(log.read_text(encoding="utf-8", errors="replace"))
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024)


def generate(messages: int, exports: Path, log: Path) -> None:
    """Exports with so many messages, of people and communities in proportion."""
    people = max(2000, messages // 50)
    measure(
        [str(BIN / "kpi"), "generate", "--out", str(exports), "--messages", str(messages), "--members", str(people),
         "--communities", str(max(12, people // 200)), "--format", "parquet", "--no-truth"],
        dict(os.environ), log,
    )  # fmt: skip


def by_hand(exports: Path, warehouse: Path) -> list[str]:
    """The command that runs daily.sql beside a built warehouse, ends well if the rows are the same, and tells the CPU.

    The comparison itself is not counted.
    """
    code = f"""
import duckdb, resource, sys
db = duckdb.connect(config={{"memory_limit": "1500MB", "threads": 2, "temp_directory": {str(warehouse) + ".hand"!r}}})
db.execute("set TimeZone = 'Asia/Shanghai'")
db.execute("attach '{warehouse}' as built (read_only)")
db.execute("set variable messages = '{exports}/wecom__messages*.parquet'")
db.execute(open({str(HANDWRITTEN / "daily.sql")!r}).read())
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
differing = db.execute(open({str(HANDWRITTEN / "daily_check.sql")!r}).read()).fetchall()
sys.exit(f"{{len(differing)}} rows differ: {{differing[:3]}}" if differing else 0)
"""
    return [sys.executable, "-c", code]


def seconds_of(results: Path, names: tuple[str, ...]) -> float:
    """Seconds that dbt's last run spent in some models, by its own clock."""
    run = json.loads(results.read_text(encoding="utf-8"))
    return sum(r["execution_time"] for r in run["results"] if r["unique_id"].split(".")[-1] in names)


def at_size(messages: int, exports: Path | None, scratch: Path) -> dict[str, Cost]:
    """All that is measured at one size, by the name under which it is printed."""
    log = scratch / "log.txt"
    if exports is None:
        exports = scratch / "exports"
        generate(messages, exports, log)
    warehouse = scratch / "community_metrics.duckdb"
    environment = dict(os.environ) | {
        "COMMUNITY_METRICS_DB": str(warehouse),
        "COMMUNITY_METRICS_EXPORTS": str(exports),
        "DBT_PROFILES_DIR": str(ROOT),
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
    }
    dbt = [str(BIN / "dbt"), "--quiet"]
    found = {"fixed (dbt parse)": measure([*dbt, "parse"], environment, log)}
    measure([*dbt, "seed"], environment, log)
    found["models"] = measure([*dbt, "run"], environment, log)
    in_models = seconds_of(scratch / "target" / "run_results.json", SAME_TABLES)
    found["models again"] = measure([*dbt, "run"], environment, log)
    found["models and tests"] = measure([*dbt, "build", *LEFT_OUT], environment, log)
    hand = measure(by_hand(exports, warehouse), environment, log)
    cpu, peak = (float(figure) for figure in log.read_text(encoding="utf-8").split()[:2])
    found["daily tables by hand"] = Cost(cpu, hand.wall, peak)
    found["the same in models (wall)"] = Cost(0, in_models, 0)
    if subprocess.run(
        [sys.executable, ROOT / "bench" / "catalogue.py"], cwd=ROOT, env=environment, check=False
    ).returncode:
        sys.exit("bench/catalogue.py: answers differ, see above")
    return found


def main() -> None:
    """Print a table per size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("messages", nargs="*", type=int, default=[1_000_000, 10_000_000])
    parser.add_argument("--exports", type=Path, help="landed Parquet exports to use instead of generated ones")
    asked = parser.parse_args()
    before: dict[str, Cost] = {}
    for messages in asked.messages:
        with tempfile.TemporaryDirectory() as scratch:
            now = at_size(messages, asked.exports and asked.exports.resolve(), Path(scratch))
        table = Table("", "CPU s", "×", "wall s", "peak MB", "×", title=f"{messages:,} messages")
        for name, cost in now.items():
            past = before.get(name)
            grown = [f"{a / b:.2f}" if past and b else "-" for a, b in
                     ([(cost.cpu, past.cpu), (cost.peak, past.peak)] if past else [(0, 0)] * 2)]  # fmt: skip
            table.add_row(name, f"{cost.cpu:.1f}", grown[0], f"{cost.wall:.1f}", f"{cost.peak:.0f}", grown[1])
        Console(width=100).print(table)
        before = now


if __name__ == "__main__":
    main()
