"""How the work grows with the messages: `make bench MESSAGES="1000000 10000000"`, or 50000000, 200000000.

usage: python bench/scale.py [SIZE …] [--exports DIR] [--work DIR] [--steps a,b] [--memory 1500MB] [--results FILE]

For each size exports are generated as Parquet (or those of --exports taken) and their last day is held back
(bench/last_day.py). Above 10 million messages they are those of 10 million several times, with keys told apart
(bench/copies.py): that is the step prepare, taken by itself where needed. Then each step is a process of its own:

  models     dbt run into a fresh warehouse          tests      all data tests, nothing else
  again      dbt run, nothing new                    hand       the daily tables by hand-written SQL (bench/handwritten)
  day        the last day lands: dbt run             hand-day   the same by hand
  daily      dbt run --full-refresh of the models    catalogue  metrics beside hand-written SQL (bench/catalogue.py)
             that lead to the daily tables only      build      dbt build, models and data tests, into a fresh warehouse

Size 0 is a landing of next to nothing: what it costs is dbt's own fixed cost, and is taken off in the table. Results
are added to a JSON file after every step; a step that fails is reported, and the next one begins. With --work the
exports and warehouses stay there, and steps may be run one by one, in the order above. Read ratios, not seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import copies
import last_day
from measuring import measure
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
# daily comes late: what it builds whole, the next run has all models behind it build whole
STEPS = ("prepare", "models", "tests", "again", "hand", "day", "hand-day", "daily", "catalogue", "build")
# what the hand-written SQL makes too, and what it is given; what lies between leads to the daily tables only
DAILY = (
    *("fct_message_hours", "fct_interaction_days", "fct_membership_flows", "fct_membership_retention"),
    *("fct_sales", "fct_refunds"),
)
GIVEN = (
    *("int_identities_resolved", "int_persons_classified", "int_communities_described", "int_consents_bounded"),
    *("int_exports_covered", "int_calendar_bounded", "int_dates_spanned", "int_community_days_spanned"),
    *("int_sales_days_spanned", "int_attribution_evidenced", "int_order_costs_measured", "stg_manual__channels"),
    "int_group_buy_versions_conformed",
)
# the demo's deliberate faults grow with it and nobody acknowledges them here; the totals of a bill hold for whole bills
LEFT_OUT = ("--exclude", "quarantined_rows_are_acknowledged", "control_totals_of_a_bill_equal_its_rows")
SLOWEST = 15
GENERATED = 10_000_000  # messages; more are copies


def between(manifest: dict[str, Any], daily: tuple[str, ...] = DAILY, given: tuple[str, ...] = GIVEN) -> list[str]:
    """Names of the models that lead to the daily tables, up to what is given, in no order.

    Raises:
        SystemExit: where one of the names is no model, so that a renamed one is not left out silently.
    """
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    if unknown := sorted({*daily, *given} - models.keys()):
        sys.exit(f"no models, correct DAILY and GIVEN: {', '.join(unknown)}")
    found, pending = set(), list(daily)
    while pending:
        name = pending.pop()
        if name in found or name in given:
            continue
        found.add(name)
        sources = [manifest["nodes"].get(id_) for id_ in models[name]["depends_on"]["nodes"]]
        pending += [node["name"] for node in sources if node and node["resource_type"] == "model"]
    return sorted(found)


class Bench:
    """One size: its exports, its warehouse, its results."""

    def __init__(self, messages: int, work: Path, exports: Path | None, memory: str | None) -> None:
        """Nothing is made yet."""
        self.messages, self.work, self.exports = messages, work, exports
        self.landing, self.held_back = work / "landing", work / "day"
        self.warehouse, self.by_hand = work / "community_metrics.duckdb", work / "by_hand.duckdb"
        self.log, self.target = work / "log.txt", work / "target"
        self.environment = dict(os.environ) | {
            "COMMUNITY_METRICS_TARGET": "duckdb",
            "COMMUNITY_METRICS_DB": str(self.warehouse),
            "COMMUNITY_METRICS_EXPORTS": str(self.landing),
            "DBT_PROFILES_DIR": str(ROOT),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(work / "logs"),
        }
        self.memory = memory
        if memory:
            self.environment["COMMUNITY_METRICS_MEMORY"] = memory

    def run(self, command: list[str], spill: Path | None = None) -> dict[str, Any]:
        """Measure a command; of one that fails the end of its output is kept."""
        cost, is_done = measure(command, self.environment, self.log, ROOT, spill or Path(f"{self.warehouse}.tmp"))
        said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return cost.rounded() | ({} if is_done else {"failed": said[-12:]})

    def dbt(self, *arguments: str) -> dict[str, Any]:
        """Measure a dbt command and note its slowest nodes, by dbt's own clock, and how many failed."""
        results = self.target / "run_results.json"
        results.unlink(missing_ok=True)
        found = self.run([str(BIN / "dbt"), "--quiet", *arguments])
        if results.is_file():
            nodes = json.loads(results.read_text(encoding="utf-8"))["results"]
            nodes.sort(key=lambda node: -node["execution_time"])
            found["slowest"] = {n["unique_id"].split(".")[2]: round(n["execution_time"], 1) for n in nodes[:SLOWEST]}
            found["nodes"] = len(nodes)
            bad = [n["unique_id"].split(".")[2] for n in nodes if n["status"] in {"fail", "error", "skipped"}]
            found |= {"bad": bad} if bad else {}
        return found

    def prepare(self) -> None:
        """Exports, cut before their last day.

        Raises:
            SystemExit: when the generator fails.
        """
        if self.landing.exists():
            return
        exports = self.exports or self.work / "exports"
        number = min(self.messages or 2000, GENERATED)
        if not exports.exists():
            command = [str(BIN / "kpi"), "generate", "--out", str(exports), "--messages", str(number)]
            command += ["--members", str(max(200, number // 50)), "--communities", str(max(6, number // 10_000))]
            if failed := self.run([*command, "--format", "parquet", "--no-truth"]).get("failed"):
                sys.exit("\n".join(failed))
        shutil.rmtree(self.held_back, ignore_errors=True)
        unfinished = self.work / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        last_day.cut(exports, unfinished, self.held_back)
        for folder in (unfinished, self.held_back):
            copies.multiply(folder, -(-self.messages // GENERATED))
        unfinished.rename(self.landing)

    def fresh(self) -> dict[str, Any]:
        """An empty warehouse with the reference seeds in it."""
        for file in self.work.glob(f"{self.warehouse.name}*"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        return self.dbt("seed")

    def step(self, name: str) -> dict[str, Any]:
        """Take a step."""
        match name:
            case "models":
                for file in self.landing.glob("*/day*.parquet"):  # of a run before
                    file.unlink()
                return {"seed": self.fresh()} | self.dbt("run") | {"file": self.warehouse.stat().st_size // 2**20}
            case "tests":
                return self.dbt("test", *LEFT_OUT)
            case "again":
                return self.dbt("run")
            case "daily":
                manifest = json.loads((self.target / "manifest.json").read_text(encoding="utf-8"))
                return self.dbt("run", "--full-refresh", "--select", *between(manifest))
            case "day":
                for file in self.held_back.glob("*/*.parquet"):
                    shutil.copy(file, self.landing / file.parent.name / file.name)
                return self.dbt("run")
            case "hand" | "hand-day":
                return self.hand(["--day"] if name == "hand-day" else [])
            case "catalogue":
                said = self.run([sys.executable, str(ROOT / "bench" / "catalogue.py")])
                return said | {"said": self.log.read_text(encoding="utf-8").splitlines()}
            case "build":
                return {"seed": self.fresh()} | self.dbt("build", *LEFT_OUT)
        raise ValueError(f"no step {name}")

    def hand(self, arguments: list[str]) -> dict[str, Any]:
        """The hand-written SQL; its CPU and memory without the comparison."""
        command = [sys.executable, str(ROOT / "bench" / "by_hand.py"), str(self.warehouse), str(self.landing)]
        memory = ["--memory", self.memory] if self.memory else []
        found = self.run([*command, str(self.by_hand), *arguments, *memory], Path(f"{self.by_hand}.tmp"))
        if "failed" not in found:
            found |= json.loads(self.log.read_text(encoding="utf-8").splitlines()[-1])
        return found


class Figures:
    """What is known of each size and step, with what dbt costs by itself taken off."""

    def __init__(self, results: dict[str, Any]) -> None:
        """Results by size and step."""
        self.results = results

    def net(self, key: str | None, step: str) -> float | None:
        """CPU seconds of a step beyond those of a landing of next to nothing; none where it failed or was not taken."""
        cost = self.results.get(key or "", {}).get(step)
        if cost is None or ("failed" in cost and "bad" not in cost):
            return None
        fixed = 0 if key == "0" or step.startswith("hand") else self.results.get("0", {}).get(step, {}).get("cpu", 0)
        return cost["cpu"] - fixed

    def sizes(self) -> list[str]:
        """The sizes, smallest first."""
        return sorted(self.results, key=lambda key: (int(key.split("@")[0]), key))

    def row(self, key: str, step: str) -> list[str]:
        """CPU, CPU less fixed, times by hand, times the next smaller size, wall, peak, spilled."""
        cost, own = self.results[key][step], self.net(key, step)
        before = next((size for size in reversed(self.sizes()[: self.sizes().index(key)]) if size != "0"), None)
        by_hand = self.net(key, "hand-day" if step in {"day", "hand-day"} else "hand")
        return [
            f"{cost['cpu']:.1f}", "failed" if own is None else f"{own:.1f}", over(own, by_hand),
            over(own, self.net(before, step)), f"{cost['wall']:.0f}", f"{cost['peak']:.0f}", f"{cost['spilled']:.0f}",
        ]  # fmt: skip


HEADERS = ("CPU s", "less fixed", "× by hand", "× before", "wall s", "peak MB", "spilled MB")


def over(one: float | None, two: float | None) -> str:
    """A ratio as text; nothing where a side is unknown."""
    return f"{one / two:.2f}" if one is not None and two and two > 0 else "-"


def show(console: Console, results: dict[str, Any], key: str) -> None:
    """Print what is known of a size."""
    table = Table("step", *HEADERS, title=key)
    for step in (step for step in STEPS if step in results[key]):
        table.add_row(step, *Figures(results).row(key, step))
    console.print(table)


def markdown(results: dict[str, Any]) -> str:
    """All sizes as a table of docs/performance.md."""
    lines = [f"| messages | step | {' | '.join(HEADERS)} |", "|---|---|" + "---:|" * len(HEADERS)]
    figures = Figures(results)
    for key in figures.sizes():
        lines += [
            f"| {key} | {step} | {' | '.join(figures.row(key, step))} |" for step in STEPS if step in results[key]
        ]
    return "\n".join(lines)


def main() -> None:
    """Take the steps of each size; print and keep what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", nargs="*", type=int, default=[0, 1_000_000, 10_000_000])
    parser.add_argument(
        "--exports", type=Path, help="Parquet exports of the last size (above 10 million: of 10 million)"
    )
    parser.add_argument("--work", type=Path, help="folder for exports and warehouses; otherwise they are removed")
    parser.add_argument("--steps", default=",".join(STEPS), help=f"of {', '.join(STEPS)}; all if not given")
    parser.add_argument("--memory", help="limit of memory of DuckDB, such as 1500MB; otherwise that of profiles.yml")
    parser.add_argument("--results", type=Path, default=ROOT / "target" / "bench" / "scale.json")
    parser.add_argument("--markdown", action="store_true", help="print the results as a table of Markdown and end")
    asked = parser.parse_args()
    steps = [name for name in STEPS if name in asked.steps.split(",")]
    if unknown := set(asked.steps.split(",")) - set(STEPS):
        parser.error(f"no steps: {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(asked.results.read_text(encoding="utf-8")) if asked.results.is_file() else {}
    if asked.markdown:
        print(markdown(results))
        return
    console = Console(width=120)
    for messages in asked.messages:
        key = str(messages) + (f"@{asked.memory}" if asked.memory and messages else "")
        with tempfile.TemporaryDirectory() as scratch:
            work = (asked.work or Path(scratch)).resolve() / str(messages)
            work.mkdir(parents=True, exist_ok=True)
            exports = asked.exports.resolve() if asked.exports and messages == asked.messages[-1] else None
            bench = Bench(messages, work, exports, asked.memory)
            bench.prepare()
            for name in (name for name in steps if name != "prepare"):
                cost = results.setdefault(key, {})[name] = bench.step(name)
                asked.results.write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
                console.print(
                    f"{key} {name}: CPU {cost['cpu']:.1f} s, wall {cost['wall']:.1f} s, peak {cost['peak']:.0f} MB"
                )
                for problem in ("failed", "bad"):
                    if problem in cost:
                        console.print(f"  {problem}: " + "\n    ".join(cost[problem]), markup=False)
                if any((cost.get("differing") or {}).values()):
                    console.print(f"  rows that differ from the marts: {cost['differing']}", markup=False)
        if key in results:
            show(console, results, key)


if __name__ == "__main__":
    main()
