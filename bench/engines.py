"""The same exports built by DuckDB and by a Spark cluster of this machine: `python bench/engines.py 1000000 10000000`.

usage: python bench/engines.py [SIZE …] [--work DIR] [--select …] [--workers 2] [--memory 2g] [--results FILE]

For each size exports are generated as for bench/scale.py (a landing that lies in --work/SIZE/landing, or a link to one,
is taken), and dbt builds the reference seeds and the models of them in each engine, from nothing: in DuckDB, in one
process of two threads; in Spark, over the Thrift server on a standalone cluster of --workers processes of one core.
Printed are wall clock, CPU of dbt and of the engine, the most memory that all processes of it held at one moment, and
how much Spark's tasks wrote for each other (shuffle) and spilled, by its event log. Read ratios, not seconds: workers
of one machine share its disk and cores, so what a network costs, and what further machines gain, is not in here.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from scale import ROOT, Bench

sys.path.insert(0, str(ROOT))  # servers/ is no installed package
from servers.process import clear
from servers.spark import Spark

PORT = 10040
COLUMNS = {"wall": "wall s", "dbt": "CPU s of dbt", "cpu": "CPU s of the engine", "peak": "peak MB"} | {
    "shuffled": "shuffle MB",
    "spilled": "spilled MB",
}


class Watch:
    """CPU and memory of processes and of all that they start, those that end included."""

    def __init__(self, pids: list[int]) -> None:
        """Nothing is watched yet."""
        self.roots = [psutil.Process(pid) for pid in pids]
        self.seconds: dict[tuple[int, float], float] = {}
        self.before = 0.0
        self.peak = 0.0

    @property
    def cpu(self) -> float:
        """CPU seconds since the watch began."""
        return sum(self.seconds.values()) - self.before

    def look(self) -> None:
        """Take note of what runs now."""
        held = 0
        for root in self.roots:
            try:
                running = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            for process in running:
                try:
                    with process.oneshot():
                        times = process.cpu_times()
                        self.seconds[process.pid, process.create_time()] = times.user + times.system
                        held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
        self.peak = max(self.peak, held / 2**20)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look every second while something is done."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(1):
                self.look()

        self.look()
        self.before = sum(self.seconds.values())
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            self.look()


def written(events: Path) -> dict[str, float]:
    """MB that tasks wrote for each other and spilled, as Spark's event log says."""
    total = {"shuffled": 0, "spilled": 0}
    for file in (file for file in events.rglob("*") if file.is_file()):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if not line.startswith('{"Event":"SparkListenerTaskEnd"'):
                    continue
                metrics = json.loads(line).get("Task Metrics") or {}  # a lost task has none
                total["shuffled"] += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
                total["spilled"] += metrics.get("Disk Bytes Spilled", 0)
    return {name: value / 2**20 for name, value in total.items()}


def by_duckdb(bench: Bench, select: list[str]) -> dict[str, Any]:
    """Build with DuckDB, whose work is done in dbt's own process: its CPU is not told apart."""
    seed = bench.fresh()
    return _failures(seed) | {"nodes": 0} | bench.dbt("run", *select) | {"dbt": None, "shuffled": None}


def by_spark(bench: Bench, select: list[str], workers: int, memory: str, partitions: int) -> dict[str, Any]:
    """Build with Spark on a cluster that is started for it and stopped afterwards."""
    home, events = bench.work / "spark", bench.work / "events"
    clear(events)
    events.mkdir(parents=True)
    log = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri(), "spark.eventLog.compress": "false"}
    clear(home)
    spark = Spark(home, PORT, memory, workers, partitions, log)
    told = {"COMMUNITY_METRICS_TARGET": "spark", "COMMUNITY_METRICS_SCHEMA": "main"}
    told |= {"COMMUNITY_METRICS_SPARK_HOST": "127.0.0.1", "COMMUNITY_METRICS_SPARK_PORT": str(PORT)}
    bench.target = bench.work / "target-spark"
    bench.environment |= told | {"DBT_TARGET_PATH": str(bench.target)}
    spark.up()
    try:
        watch = Watch([running["pid"] for process in spark.processes() if (running := process.running())])
        seed = bench.dbt("seed")
        with watch.running():
            found = _failures(seed) | {"nodes": 0} | bench.dbt("run", *select)
    finally:
        spark.down()
    found |= {"dbt": found["cpu"], "cpu": round(watch.cpu, 1), "peak": round(found["peak"] + watch.peak)}
    return found | {name: round(value, 1) for name, value in written(events).items()}


def _failures(seed: dict[str, Any]) -> dict[str, Any]:
    return {name: seed[name] for name in ("failed", "bad") if name in seed}


def show(console: Console, results: dict[str, Any]) -> None:
    """Print what is known, and Spark beside DuckDB."""
    table = Table("messages", "engine", "nodes", *COLUMNS.values())
    ratios = Table("messages", "wall, Spark / DuckDB", "CPU", "memory", "shuffle MB per million messages")
    for size, by_engine in sorted(results.items(), key=lambda item: int(item[0])):
        for engine, cost in by_engine.items():
            failed = " (failed)" if "failed" in cost else ""
            figures = ("-" if cost.get(name) is None else f"{cost[name]:.0f}" for name in COLUMNS)
            table.add_row(size, engine + failed, str(cost["nodes"]), *figures)
        if {"duckdb", "spark"} <= by_engine.keys() and not any("failed" in cost for cost in by_engine.values()):
            duckdb, spark = by_engine["duckdb"], by_engine["spark"]
            cpu = (spark["cpu"] + spark["dbt"]) / duckdb["cpu"]
            shuffled = spark["shuffled"] / max(int(size), 1) * 1e6
            ratios.add_row(
                *(size, f"{spark['wall'] / duckdb['wall']:.1f}", f"{cpu:.1f}"),
                *(f"{spark['peak'] / duckdb['peak']:.1f}", f"{shuffled:.0f}"),
            )
    console.print(table)
    console.print(ratios)


def main() -> None:
    """Build each size with each engine; print and keep what it costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", nargs="*", type=int, default=[1_000_000, 10_000_000])
    parser.add_argument("--work", type=Path, help="folder for exports and tables; otherwise they are removed")
    parser.add_argument("--engines", default="duckdb,spark")
    parser.add_argument("--select", nargs="+", default=[], help="models, as dbt selects them; all if not given")
    parser.add_argument("--workers", type=int, default=2, help="0 = the server computes by itself, in two threads")
    parser.add_argument("--memory", default="2g", help="of each worker of Spark")
    parser.add_argument("--shuffle-partitions", type=int, default=16)
    parser.add_argument("--results", type=Path, default=ROOT / "target" / "bench" / "engines.json")
    asked = parser.parse_args()
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(asked.results.read_text(encoding="utf-8")) if asked.results.is_file() else {}
    select = ["--select", *asked.select] if asked.select else []
    console = Console(width=120)
    for messages in asked.messages:
        with tempfile.TemporaryDirectory() as scratch:
            work = (asked.work or Path(scratch)).resolve() / str(messages)
            work.mkdir(parents=True, exist_ok=True)
            for engine in asked.engines.split(","):
                bench = Bench(messages, work, None, None)
                bench.prepare()
                if engine == "duckdb":
                    cost = by_duckdb(bench, select)
                else:
                    cost = by_spark(bench, select, asked.workers, asked.memory, asked.shuffle_partitions)
                results.setdefault(str(messages), {})[engine] = cost
                asked.results.write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
                for problem in ("failed", "bad"):
                    if problem in cost:
                        console.print(f"{messages} {engine} {problem}: " + "\n  ".join(cost[problem]), markup=False)
    show(console, results)


if __name__ == "__main__":
    main()
