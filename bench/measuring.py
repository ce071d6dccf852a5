"""What a process costs: CPU, wall clock, peak memory, and how much it spilled to disk."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds; peak memory and peak size of spilled files in MB."""

    cpu: float
    wall: float
    peak: float
    spilled: float

    def rounded(self) -> dict[str, float]:
        """As it is written to the results."""
        return {name: round(value, 2 if name in {"cpu", "wall"} else 0) for name, value in asdict(self).items()}


def size_of(folder: Path) -> int:
    """Bytes of the files of a folder, which vanish, and it with them, while they are counted."""
    total = 0
    try:
        for entry in os.scandir(folder):
            total += entry.stat().st_size
    except OSError:
        pass
    return total


def measure(command: list[str], environment: dict[str, str], log: Path, folder: Path, spill: Path) -> tuple[Cost, bool]:
    """Run a command in ``folder`` to its end; its output goes to ``log``, what it spills lies in ``spill``.

    Returns its cost and whether it succeeded.
    """
    most, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            most[0] = max(most[0], size_of(spill))

    start = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
    wall = time.monotonic() - start
    cost = Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, most[0] / 2**20)
    return cost, process.returncode == 0
