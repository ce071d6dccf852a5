"""The baseline: what is usual for a set of exports, measured once and committed or kept beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from kpi.boundaries.suites import CheckError

SEEDS = Path("seeds") / "exports"
OF_SEEDS = Path(__file__).with_name("baseline.yml")
BESIDE_EXPORTS = "boundary_baseline.yml"
NOTE = "# Written by `kpi check exports --write-baseline`: what is usual for these exports, see docs/decisions/0044.\n"

Baseline = dict[str, dict[str, Any]]


def baseline_path(project: Path, exports: Path) -> Path:
    """Where the baseline of a directory of exports stands: beside them, for the committed seeds in the package."""
    if exports.resolve() == (project / SEEDS).resolve():
        return OF_SEEDS
    return exports / BESIDE_EXPORTS


def read_baseline(path: Path) -> Baseline:
    """The values of a baseline by suite and check; empty where there is none."""
    if not path.is_file():
        return {}
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise CheckError(f"{path}: this is no baseline. Write it afresh with `kpi check exports --write-baseline`.")
    return content


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline so that a person can review the difference."""
    text = yaml.safe_dump(baseline, allow_unicode=True, sort_keys=False, width=150)
    path.write_text(NOTE + text, encoding="utf-8")
