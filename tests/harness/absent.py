"""Which metrics need which export: each export is taken from the golden warehouse in turn, and every metric is asked.

``seeds/reference/metric_exports.csv`` holds the answer. Lineage could not tell: nearly every metric reads nearly every
export somewhere, if only for the last day that counts.

usage: python -m harness.absent    (with tests/ on the Python path; writes the seed afresh)
"""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

from harness import build_golden
from harness.faults import FOLDER, Bench, known
from harness.golden import AUTHORED, ROOT

SEED = ROOT / "seeds" / "reference" / "metric_exports.csv"
HEADER = ("metric", "label_zh", "export_name", "effect")
Rows = list[tuple[str, str, str, str]]
EXPORTS = sorted(file.stem for file in AUTHORED.glob("*__*.csv") if file.read_text(encoding="utf-8").count("\n") > 1)


@cache
def labels(is_helper: bool = False) -> dict[str, str]:
    """Chinese labels of the metrics of the catalogue by id, or of the helpers, which are parts of them for the most."""
    manifest = json.loads((build_golden.TARGET / "manifest.json").read_text(encoding="utf-8"))
    metrics = manifest["metrics"].values()
    own = [metric for metric in metrics if bool(metric["config"]["meta"].get("helper")) == is_helper]
    return {metric["name"]: metric["label"] for metric in own}


def lost(bench: Bench, export: str) -> Rows:
    """What metrics of the catalogue lose without an export; helpers, where no metric of the catalogue loses anything.

    Returns:
        (metric, label, export, effect) in that order, effect ``unknown``: it has no value any more; ``changed``: it has
        other values. A metric that the golden rows leave unknown is not told of.
    """
    return sorted(_lost(bench, export, labels()) or _lost(bench, export, labels(is_helper=True)))


def _lost(bench: Bench, export: str, label: dict[str, str]) -> Rows:
    """What the labelled metrics lose without an export."""
    asked = [metric for metric in label if known(bench.before[metric])]
    fault = {"change": [{"export": export, "do": "drop"}], "unknown": asked}
    found = []
    for metric, (before, after) in bench.try_fault(fault).answers.items():
        if not known(after):
            found.append((metric, label[metric], export, "unknown"))
        elif sorted(map(str, before)) != sorted(map(str, after)):
            found.append((metric, label[metric], export, "changed"))
    return found


def read(path: Path = SEED) -> Rows:
    """The rows of the seed."""
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row[column] for column in HEADER) for row in csv.DictReader(file)]


def new_bench(warehouse: Path | None = None) -> Bench:
    """The golden warehouse, or the copy that this process has, with the question of every metric, by month."""
    if warehouse is None:
        warehouse = build_golden.for_this_process(build_golden.WAREHOUSE.parent)
    layer = build_golden.engine(warehouse)
    asked = labels() | labels(is_helper=True)
    return Bench({metric: layer.sql_of([metric], ["metric_time__month"]) for metric in asked}, FOLDER / "absent")


if __name__ == "__main__":
    measuring = new_bench()
    rows = sorted(row for export in EXPORTS for row in lost(measuring, export))
    with SEED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)
    print(f"wrote {SEED.relative_to(ROOT)}: {len(rows)} rows")
