"""SQL time of the metrics of the catalogue beside hand-written SQL: `python bench/catalogue.py [--runs 5]`.

Each metric by month, over the built warehouse that COMMUNITY_METRICS_DB names: the statement that the semantic layer
compiles, and the one of bench/handwritten/catalogue.yml over the same marts. Their answers must be equal. They run in
turns; of each the least CPU time of its runs counts. Only the ratio means anything, and below a few
milliseconds not even that: such metrics are in the table, and no statement about them is made.
"""

from __future__ import annotations

import argparse
import csv
import math
import resource
import sys
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.console import Console
from rich.table import Table

from kpi.semantic import SemanticLayer
from kpi.warehouse import connect, warehouse_path

ROOT = Path(__file__).resolve().parents[1]
WITHIN = 1.5  # times the hand-written statement
SHORTEST = 0.005  # CPU seconds below which a ratio says nothing


def handwritten() -> dict[str, str]:
    """The statements by metric; columns month and value."""
    written = yaml.safe_load((ROOT / "bench" / "handwritten" / "catalogue.yml").read_text(encoding="utf-8"))
    statements = dict(written["queries"])
    for fact, metrics in written["one"].items():
        for metric, expression in metrics.items():
            statements[metric] = _by_month(*fact.split(), expression)
    for metric, (above, below) in written["two"].items():
        statements[metric] = (
            f"with above as ({_by_month(*above)}), below as ({_by_month(*below)}) "
            "select coalesce(above.month, below.month) as month, above.value / nullif(below.value, 0) as value "
            "from above full join below on above.month = below.month"
        )
    return statements


def _by_month(fact: str, day: str, expression: str) -> str:
    return f"select date_trunc('month', {day}) as month, {expression} as value from marts.{fact} group by month"


def compiled(metrics: list[str]) -> dict[str, str]:
    """What the semantic layer runs for each metric by month."""
    layer = SemanticLayer(ROOT)
    return {metric: layer.sql_of([metric], ["metric_time__month"]) for metric in metrics}


def timed(db: duckdb.DuckDBPyConnection, statement: str) -> tuple[float, dict[Any, float | None]]:
    """CPU seconds of a statement, and its values by month."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    rows = db.execute(statement).fetchall()
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, {str(month)[:10]: None if value is None else float(value) for month, value in rows}


def differences(ours: dict[Any, float | None], theirs: dict[Any, float | None]) -> list[str]:
    """Months with unequal values; a month that one of them has not is no value."""
    found = []
    for month in sorted(ours.keys() | theirs.keys()):
        one, two = ours.get(month), theirs.get(month)
        if (one is None) != (two is None) or (one is not None and not math.isclose(one, two, rel_tol=1e-9)):
            found.append(f"{month}: {one} and {two}")
    return found


def main() -> None:
    """Print a line per metric, the slowest ratio first; fail where answers differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each statement")
    runs = parser.parse_args().runs
    by_hand = handwritten()
    with (ROOT / "docs" / "reference" / "kpi-catalogue.csv").open(encoding="utf-8", newline="") as file:
        catalogue = [line["metric"] for line in csv.DictReader(file)]
    statements = compiled([metric for metric in catalogue if metric in by_hand])
    lines, wrong = [], []
    with connect(warehouse_path()) as db:
        db.execute("set threads = 2; set TimeZone = 'Asia/Shanghai'")
        for metric, statement in statements.items():
            pairs = [(timed(db, statement), timed(db, by_hand[metric])) for _ in range(runs)]
            ours, theirs = (min(pair[side][0] for pair in pairs) for side in (0, 1))
            lines.append((ours / max(theirs, 1e-6), metric, ours, theirs))
            unequal = differences(pairs[0][0][1], pairs[0][1][1])
            wrong += [f"{metric}, {difference}" for difference in unequal[:1]]
    console = Console(width=100)
    table = Table("metric", "ms", "by hand", "ratio", title=f"{len(lines)} metrics by month, CPU milliseconds")
    for ratio, metric, ours, theirs in sorted(lines, reverse=True):
        said = f"{ratio:.2f}" if max(ours, theirs) >= SHORTEST else "(short)"
        table.add_row(metric, f"{ours * 1000:.1f}", f"{theirs * 1000:.1f}", said)
    console.print(table)
    slow = [metric for ratio, metric, ours, _ in lines if ratio > WITHIN and ours >= SHORTEST]
    both = [sum(line[side] for line in lines) for side in (2, 3)]
    console.print(f"all together {both[0]:.2f} s, by hand {both[1]:.2f} s: {both[0] / both[1]:.2f} times")
    console.print(f"more than {WITHIN} times: {', '.join(slow) or 'none'}")
    console.print(f"not written by hand: {', '.join(m for m in catalogue if m not in by_hand) or 'none'}")
    if wrong:
        sys.exit("unequal:\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
