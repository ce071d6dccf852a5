"""Where the CPU seconds of `dbt build` go: by kind of node and by phase, cold and warm.

usage: .venv/bin/python bench/dbt_cost.py [--warm] [dbt arguments: --selector everything, --select …]

Builds the committed seeds into a warehouse and a target folder of its own, with one thread, so that what the process
spends between the start and the end of a node belongs to that node. ``--warm`` keeps what dbt parsed the time before.
CPU seconds depend on the machine; the shares and the ratios to the plain SQL hardly do.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "target" / "cost"


class Meter:
    """Adds up the CPU seconds of this process between dbt's events."""

    def __init__(self) -> None:
        """Nothing yet; what the import of dbt took is added by ``main``."""
        self.seconds: Counter[str] = Counter()
        self.nodes: Counter[str] = Counter()
        self.slowest: list[tuple[float, str]] = []
        self._last, self._is_parsed, self._began = time.process_time(), False, 0.0

    def spend(self, on: str) -> None:
        """Charge what was spent since the last call."""
        now = time.process_time()
        self.seconds[on] += now - self._last
        self._last = now

    def __call__(self, event: Any) -> None:
        """Take an event of dbt."""
        match event.info.name:
            case "FoundStats":
                self.spend("parsing")
                self._is_parsed = True
            case "NodeStart":
                self.spend("between nodes")
                self._began = self._last
            case "NodeFinished":
                node = event.data.node_info
                kind = node.resource_type or "other"
                self.spend(kind)
                self.nodes[kind] += 1
                self.slowest.append((self._last - self._began, node.node_name))


def main() -> None:
    """Build and print."""
    arguments = sys.argv[1:]
    is_warm = "--warm" in arguments
    arguments = [argument for argument in arguments if argument != "--warm"]
    if not is_warm:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    warehouse = FOLDER / "community_metrics.duckdb"
    for file in FOLDER.glob("community_metrics.duckdb*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    os.environ |= {
        "COMMUNITY_METRICS_DB": str(warehouse),
        "COMMUNITY_METRICS_EXPORTS": "",
        "DBT_PROFILES_DIR": os.environ.get("DBT_PROFILES_DIR", "."),
        "DBT_TARGET_PATH": str(FOLDER),
        "DBT_LOG_PATH": str(FOLDER),
    }
    os.chdir(ROOT)
    from dbt.cli.main import dbtRunner

    meter = Meter()
    meter.seconds["start of Python, import of dbt"] = time.process_time()
    outcome = dbtRunner(callbacks=[meter]).invoke(["--quiet", "build", "--threads", "1", *arguments])
    meter.spend("artifacts and the end")
    total = sum(meter.seconds.values())
    print(f"{'':<32}{'nodes':>6}{'CPU s':>8}{'share':>7}{'ms a node':>11}")
    for kind, seconds in meter.seconds.most_common():
        count = meter.nodes[kind]
        each = f"{1000 * seconds / count:>11.0f}" if count else ""
        print(f"{kind:<32}{count or '':>6}{seconds:>8.1f}{seconds / total:>7.0%}{each}")
    print(f"{'all':<32}{sum(meter.nodes.values()):>6}{total:>8.1f}")
    print("slowest: " + ", ".join(f"{name} {seconds:.1f}" for seconds, name in sorted(meter.slowest)[:-9:-1]))
    sys.exit(not outcome.success)


if __name__ == "__main__":
    main()
