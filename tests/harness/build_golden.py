"""Build the golden warehouse: land the golden rows, let dbt compile the project against them, replay what it compiled.

usage: python -m harness.build_golden [--fresh]    (with tests/ on the Python path)

Prints the data tests that found rows and exits with 1 if there are any that stop a build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from harness.golden import AUTHORED, ROOT, land
from harness.replay import Replay, open_warehouse

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer

TARGET = ROOT / "target" / "golden"
LANDING = TARGET / "exports"
WAREHOUSE = ROOT / "warehouse" / "test" / "golden" / "community_metrics.duckdb"


def environment(landing: Path = LANDING, warehouse: Path = WAREHOUSE) -> dict[str, str]:
    """Settings under which dbt and MetricFlow work on the golden data."""
    return os.environ | {
        "DBT_PROFILES_DIR": os.environ.get("DBT_PROFILES_DIR", str(ROOT)),
        "COMMUNITY_METRICS_EXPORTS": str(landing),
        "COMMUNITY_METRICS_DB": str(warehouse),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def compile_project(landing: Path = LANDING, target: Path = TARGET) -> Path:
    """Have dbt compile models and data tests for a landing directory.

    Returns:
        The manifest with the compiled SQL.

    Raises:
        RuntimeError: with dbt's own words, when it does not compile.
    """
    # dbt reads the landed headers through it; the warehouse itself may be in use
    scratch = target / "compile" / "community_metrics.duckdb"
    scratch.parent.mkdir(parents=True, exist_ok=True)
    dbt = Path(sys.executable).with_name("dbt")
    compiled = ("resource_type:model", "resource_type:test")
    done = subprocess.run(
        [
            dbt,
            "--no-use-colors",
            "--quiet",
            "compile",
            "--target-path",
            target,
            "--threads",
            "2",
            "--select",
            *compiled,
        ],
        cwd=ROOT,
        env=environment(landing, scratch),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return target / "manifest.json"


def is_up_to_date(result: Path) -> bool:
    """Whether nothing that goes into the golden warehouse is newer than it."""
    if not result.exists():
        return False
    folders = [ROOT / name for name in ("models", "macros", "seeds/reference", "tests")]
    made = [*(f for folder in folders for f in folder.rglob("*.*")), ROOT / "dbt_project.yml"]
    asked = {"cases", "faults"}  # what is asked of the warehouse does not change it
    inputs = (file for file in made if file.suffix in (".sql", ".yml", ".csv") and not asked & set(file.parts))
    return max(file.stat().st_mtime for file in inputs) < result.stat().st_mtime


def build(fresh: bool = False) -> dict[str, int]:
    """Build the golden warehouse unless it is up to date.

    Args:
        fresh: build it in any case.

    Returns:
        Data tests that found rows, with their number.
    """
    if not fresh and is_up_to_date(WAREHOUSE):
        return {}
    shutil.rmtree(LANDING, ignore_errors=True)
    land(LANDING, AUTHORED)
    replay = Replay.of(compile_project())
    WAREHOUSE.unlink(missing_ok=True)
    connection = open_warehouse(WAREHOUSE)
    replay.build(connection)
    failed = replay.test(connection)
    connection.close()
    if failed:
        os.utime(WAREHOUSE, (0, 0))  # not sound: built again, and reported again, the next time
    return failed


def for_this_process(folder: Path) -> Path:
    """The golden warehouse for a process of pytest, built where something is newer.

    A file has one process: where several ask, the first one builds and each has a copy of its own in ``folder``.

    Raises:
        AssertionError: when data tests fail on the golden rows; it names them.
    """
    WAREHOUSE.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(WAREHOUSE.with_suffix(".lock")):
        failed = build()
    assert not failed, f"data tests fail on the golden rows: {failed}"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return WAREHOUSE
    return shutil.copy(WAREHOUSE, folder / WAREHOUSE.name)


def engine(warehouse: Path = WAREHOUSE) -> SemanticLayer:
    """The semantic layer on the golden warehouse or a copy of it, by the definitions that it was compiled with."""
    from kpi.semantic import SemanticLayer

    return SemanticLayer(ROOT, warehouse=warehouse, manifest=TARGET / "semantic_manifest.json")


def main() -> None:
    """Build and report."""
    failed = build(fresh="--fresh" in sys.argv)
    for name, rows in sorted(failed.items()):
        print(f"{name}: {rows} rows")
    outcome = f"{len(failed)} data tests fail" if failed else "all data tests pass"
    print(f"{WAREHOUSE.relative_to(ROOT)}: {outcome}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
