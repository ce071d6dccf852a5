"""How the build grows with the messages: `python bench/scale.py 100000 1000000`.

For each size, synthetic exports of that many messages are landed as Parquet in a scratch folder, the
project is built from them in a copy, and CPU seconds and peak memory of the whole dbt process are
printed with their ratio to the size before. One session, one machine: read the ratios, not the seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PARTS = ("dbt_project.yml", ".dbtignore", "macros", "models", "seeds", "tests", "analyses")


def measure(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Run to the end; returns CPU seconds and peak memory in MB of the process.

    Raises:
        SystemExit: when the command fails; its output is shown.
    """
    log = folder / "bench.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(log.read_text(encoding="utf-8", errors="replace"))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def build(messages: int, scratch: Path) -> tuple[float, float, float]:
    """CPU seconds of models, CPU seconds of models with data tests, peak MB, at one size."""
    exports, project = scratch / "exports", scratch / "project"
    people = max(2000, messages // 50)
    subprocess.run(
        [BIN / "kpi", "generate", "--out", exports, "--messages", str(messages), "--members", str(people),
         "--communities", str(max(12, people // 200)), "--format", "parquet", "--no-truth"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    project.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, project / part)
    shutil.copy(ROOT / "profiles.example.yml", project / "profiles.yml")
    (project / "warehouse").mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "COMMUNITY_METRICS_DB"} | {
        "DBT_PROFILES_DIR": str(project),
        "COMMUNITY_METRICS_EXPORTS": str(exports),
    }
    dbt = str(BIN / "dbt")
    measure([dbt, "seed"], project, environment)
    models, _ = measure([dbt, "run"], project, environment)
    # the demo's deliberate faults grow with it and nobody acknowledges them here
    both, peak = measure([dbt, "build", "--exclude", "quarantined_rows_are_acknowledged"], project, environment)
    return models, both, peak


def main() -> None:
    """Print one line per size."""
    sizes = [int(size) for size in sys.argv[1:]] or [100_000, 1_000_000]
    print("messages      run CPU s   ratio   build CPU s   ratio   peak MB   ratio")
    before = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            now = build(size, Path(scratch))
        ratios = [f"{a / b:.2f}" for a, b in zip(now, before, strict=True)] if before else ["-"] * 3
        print(
            f"{size:<12,}  {now[0]:>9.1f}  {ratios[0]:>6}   {now[1]:>11.1f}  {ratios[1]:>6}"
            f"   {now[2]:>7.0f}  {ratios[2]:>6}",
            flush=True,
        )
        before = now


if __name__ == "__main__":
    main()
