"""Make one mistake at a time in the project and see whether a fast check notices.

usage: python -m harness.mutants [--sample N] [--seed S] [--workers W] [--only TEXT] [--at-least SHARE]

Fast checks are, in this order: the data tests and golden cases on the golden rows, and the dbt unit tests of the
changed model. A mistake that makes SQL which no engine accepts is no plausible one and is drawn again. Survivors are
listed; those in ``survivors.yml`` have a reason why they change no number, every other one is a gap in the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.console import Console
from rich.progress import Progress

from harness import build_golden
from harness.cases import differences, expected, golden_rows, keyed, load_cases
from harness.golden import ROOT
from harness.mutations import LEFT_ALONE, Mutant, in_metrics, in_sql
from harness.replay import Replay, open_warehouse

FOLDER = ROOT / "target" / "mutants"
EXPLAINED = ROOT / "tests" / "harness" / "survivors.yml"
DEMO = ROOT / "warehouse" / "test" / "community_metrics.duckdb"
# two turns for the layers that decide
TURNS = ("intermediate", "marts", "metrics", "staging", "marts", "intermediate", "macros", "quality")
STILLBORN = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


def population() -> list[Mutant]:
    """Every mistake that can be made, in a fixed order."""
    manifest = json.loads((build_golden.TARGET / "manifest.json").read_text(encoding="utf-8"))
    files = {metric["name"]: metric["original_file_path"] for metric in manifest["metrics"].values()}
    sources = sorted([*(ROOT / "models").rglob("*.sql"), *(ROOT / "macros").glob("*.sql")])
    in_files = [mutant for file in sources if file.name not in LEFT_ALONE for mutant in in_sql(file, ROOT)]
    return in_files + [mutant for mutant, _ in in_metrics(semantic_manifest(), files)]


def semantic_manifest() -> dict[str, Any]:
    """The metrics as dbt wrote them for the golden warehouse."""
    return json.loads((build_golden.TARGET / "semantic_manifest.json").read_text(encoding="utf-8"))


def kind_of(mutant: Mutant) -> str:
    """The layer that a mistake is made in, by which the sample is drawn evenly."""
    parts = Path(mutant.file).parts
    return "metrics" if mutant.is_metric else parts[0] if parts[0] == "macros" else parts[1]


def draw(mutants: list[Mutant], seed: int) -> list[Mutant]:
    """The mutants in the order in which they are tried: layers in turn, within them files and mistakes at random.

    Long files and frequent operators do not crowd out the others: a file is drawn, then an operator, then a place.
    """
    dice = random.Random(seed)
    layers: dict[str, dict[str, list[Mutant]]] = {}
    for mutant in mutants:
        layers.setdefault(kind_of(mutant), {}).setdefault(mutant.name, []).append(mutant)
    order = []
    while layers:
        for layer in [layer for layer in TURNS if layer in layers]:
            files = layers.get(layer)
            if not files:
                continue
            name = dice.choice(sorted(files))
            operator = dice.choice(sorted({mutant.operator for mutant in files[name]}))
            picked = dice.choice([mutant for mutant in files[name] if mutant.operator == operator])
            order.append(picked)
            files[name].remove(picked)
            if not files[name]:
                del files[name]
        layers = {layer: files for layer, files in layers.items() if files}
    return order


def prepare() -> None:
    """Build the golden warehouse, and write what the workers need: questions with SQL, answers, and what they read."""
    failed = build_golden.build()
    if failed:
        raise SystemExit(f"data tests fail on the golden rows before any mistake: {failed}")
    layer, raw, questions = build_golden.engine(), golden_rows(), []
    for case in load_cases():
        sql = layer.sql_of(case.metrics, case.group_by, case.where)
        questions.append((case, sql, expected(raw, case)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "questions.pickle").write_bytes(pickle.dumps(questions))


class Judge:
    """Tries mistakes one after another, on warehouses of its own."""

    def __init__(self, folder: Path) -> None:
        """Copy the warehouses to ``folder``; parse the project on golden rows and, for unit tests, on seeds."""
        from dbt.cli.main import dbtRunner

        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.runner = folder, dbtRunner
        self.golden = folder / "golden" / "community_metrics.duckdb"
        self.demo = folder / "demo" / "community_metrics.duckdb"
        for source, copied in ((build_golden.WAREHOUSE, self.golden), (DEMO, self.demo)):
            copied.parent.mkdir(exist_ok=True)
            shutil.copy(source, copied)
        self.replay = Replay.of(build_golden.TARGET / "manifest.json")
        self.questions = pickle.loads((FOLDER / "questions.pickle").read_bytes())
        self.manifests = {where: self._dbt(where, ["parse"]).result for where in ("golden", "demo")}
        if None in self.manifests.values():
            raise SystemExit("dbt does not parse the project")
        self.connection = open_warehouse(self.golden)
        self.layer = None

    def _dbt(self, where: str, command: list[str]):
        """One dbt command in this process, on the golden exports or on the seeds."""
        exports = str(build_golden.LANDING) if where == "golden" else ""
        scratch = self.folder / "scratch" / "community_metrics.duckdb"
        scratch.parent.mkdir(exist_ok=True)
        os.environ |= build_golden.environment() | {
            "COMMUNITY_METRICS_EXPORTS": exports,
            "COMMUNITY_METRICS_DB": str(scratch if where == "golden" else self.demo),
        }
        manifest = self.manifests[where] if hasattr(self, "manifests") else None
        os.environ["DBT_TARGET_PATH"] = str(self.folder / where)
        options = ["--quiet", "--no-write-json", "--no-use-colors"]
        return self.runner(manifest=manifest).invoke([*options, *command, "--project-dir", str(ROOT)])

    def judge(self, mutant: Mutant) -> tuple[str, str]:
        """``killed`` with the check that noticed, ``stillborn``, or ``survived``."""
        return self._judge_metric(mutant) if mutant.is_metric else self._judge_sql(mutant)

    def _judge_metric(self, mutant: Mutant) -> tuple[str, str]:
        original = semantic_manifest()
        files = {metric["name"]: mutant.file for metric in original["metrics"]}
        changed = next(metric for found, metric in in_metrics(original, files) if found == mutant)
        original["metrics"] = [changed if metric["name"] == mutant.name else metric for metric in original["metrics"]]
        if self.layer is None:
            self.connection.close()  # the engine reads the file by a connection of its own
            self.layer = build_golden.engine()
        try:
            layer = self.layer.defined_by(original)
        except Exception as problem:
            return "stillborn", str(problem)[:200]
        affected = users_of(mutant.name, original)
        connection = duckdb.connect(str(self.golden))
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        try:
            for case, sql, counted in self.questions:
                if affected & set(case.metrics):
                    try:
                        sql = layer.sql_of(case.metrics, case.group_by, case.where)
                    except Exception as problem:
                        return "stillborn", str(problem)[:200]
                    if noticed := disagrees(connection, case, sql, counted):
                        return "killed", f"golden case: {noticed}"
        finally:
            connection.close()
        return "survived", ""

    def _judge_sql(self, mutant: Mutant) -> tuple[str, str]:
        if self.layer is not None:
            self.connection = open_warehouse(self.golden)
            self.layer = None
        names, compiled = self._compiled(mutant)
        if not names:
            return "stillborn", compiled.get("error", "")
        outcome = self._on_golden_rows(names, compiled)
        return self._unit_tests(mutant, names) if outcome[0] == "survived" else outcome

    def _touched(self, mutant: Mutant, where: str) -> tuple[list[Any], list[str]]:
        """Entries of dbt's manifest that hold the text, and the models that it reaches."""
        manifest = self.manifests[where]
        if mutant.file.startswith("macros"):
            macros = [m for m in manifest.macros.values() if m.original_file_path == mutant.file]
            reached, before = {m.unique_id for m in macros}, 0
            while len(reached) > before:
                before = len(reached)
                reached |= {m.unique_id for m in manifest.macros.values() if reached & set(m.depends_on.macros)}
            models = [n for n in manifest.nodes.values() if reached & set(n.depends_on.macros)]
            return macros, [n.name for n in models if n.resource_type == "model"]
        node = next(n for n in manifest.nodes.values() if n.original_file_path == mutant.file)
        return [node], [node.name]

    def _changed(self, mutant: Mutant, where: str):
        """Put the mistake into dbt's manifest; returns what takes it out again, and the models it reaches."""
        source = (ROOT / mutant.file).read_text(encoding="utf-8")
        entries, names = self._touched(mutant, where)
        kept = []
        for entry in entries:
            field = "macro_sql" if hasattr(entry, "macro_sql") else "raw_code"
            text = getattr(entry, field)
            at = source.find(text)
            inside = at >= 0 and at <= mutant.start and mutant.end <= at + len(text)
            if inside:
                kept.append((entry, field, text))
                setattr(entry, field, text[: mutant.start - at] + mutant.text + text[mutant.end - at :])

        def restore() -> None:
            for entry, field, text in kept:
                setattr(entry, field, text)

        return restore, names if kept else []

    def _compiled(self, mutant: Mutant) -> tuple[list[str], dict[str, str]]:
        """Models that the mistake reaches, and their compiled SQL."""
        restore, names = self._changed(mutant, "golden")
        try:
            if not names:
                return [], {"error": "the text is not in the manifest"}
            done = self._dbt("golden", ["compile", "--no-introspect", "--select", *names])
        finally:
            restore()
        if not done.success:
            return [], {"error": str(done.exception or "does not compile")[:200]}
        return names, {result.node.unique_id: result.node.compiled_code for result in done.result}

    def _on_golden_rows(self, names: list[str], compiled: dict[str, str]) -> tuple[str, str]:
        below = self.replay.below(names)
        connection = self.connection
        connection.execute("begin")
        try:
            try:
                self.replay.build(
                    connection, below, lambda node: compiled.get(node["unique_id"]) or node["compiled_code"]
                )
            except STILLBORN as problem:
                return "stillborn", str(problem)[:200]
            except duckdb.Error as problem:
                return "killed", f"does not build: {str(problem)[:80]}"
            try:
                failed = self.replay.test(connection, below, stop_at_first=True)
            except duckdb.Error as problem:
                return "killed", f"data test does not run: {str(problem)[:80]}"
            if failed:
                return "killed", f"data test: {next(iter(failed))}"
            reads = {f'"{n["schema"]}"."{n["alias"]}"' for key, n in self.replay.nodes.items() if key in below}
            for case, sql, counted in self.questions:
                if any(name in sql for name in reads) and (noticed := disagrees(connection, case, sql, counted)):
                    return "killed", f"golden case: {noticed}"
        finally:
            connection.execute("rollback")
        return "survived", ""

    def _unit_tests(self, mutant: Mutant, names: list[str]) -> tuple[str, str]:
        restore, _ = self._changed(mutant, "demo")
        try:
            done = self._dbt("demo", ["test", "--select", *(f"{name},test_type:unit" for name in names)])
        finally:
            restore()
        failed = [result.node.name for result in done.result or [] if str(result.status) not in ("pass", "success")]
        return ("killed", f"unit test: {failed[0]}") if failed else ("survived", "")


def disagrees(connection: duckdb.DuckDBPyConnection, case, sql: str, counted) -> str:
    """Name of the case if its answer is not what was counted."""
    try:
        answer = connection.execute(sql)
        names = [column[0] for column in answer.description]
        answered = keyed(names, answer.fetchall(), case.group_by, case.metrics)
    except (duckdb.Error, AssertionError):
        return case.name
    return case.name if differences(counted, answered, case.metrics) else ""


def users_of(metric: str, manifest: dict[str, Any]) -> set[str]:
    """A metric and the metrics that are made of it."""
    found, before = {metric}, 0
    while len(found) > before:
        before = len(found)
        for other in manifest["metrics"]:
            made_of = other["type_params"]
            inputs = [made_of.get("numerator"), made_of.get("denominator"), *(made_of.get("metrics") or [])]
            if found & {part["name"] for part in inputs if part}:
                found.add(other["name"])
    return found


def work(order: list[Mutant], number: int, workers: int, sample: int) -> None:
    """One worker: tries its share of the mutants and writes one line of JSON for each."""
    judge = Judge(FOLDER / f"worker{number}")
    enough = (sample + workers - 1 - number) // workers
    tried = 0
    for place in range(number, len(order), workers):
        if tried >= enough:
            break
        outcome, reason = judge.judge(order[place])
        tried += outcome != "stillborn"
        print("RESULT", json.dumps({"place": place, "outcome": outcome, "reason": reason}), flush=True)


def main() -> None:
    """Draw, try, report."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sample", type=int, default=60, help="mistakes to try")
    options.add_argument("--seed", type=int, default=4, help="another seed draws other mistakes")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument(
        "--only", default="", help="only mistakes whose file has this in its path, e.g. marts/retention"
    )
    options.add_argument("--at-least", type=float, default=0.9, help="share killed below which the command fails")
    options.add_argument("--worker", type=int, default=-1, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.worker < 0:
        prepare()
    order = draw([mutant for mutant in population() if chosen.only in mutant.file], chosen.seed)
    if chosen.worker >= 0:
        work(order, chosen.worker, chosen.workers, chosen.sample)
        return

    started = time.monotonic()
    command = [sys.executable, "-m", "harness.mutants", *sys.argv[1:], "--worker"]
    running = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for number in range(chosen.workers)
    ]
    results = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("mistakes", total=min(chosen.sample, len(order)))
        for worker in running:
            for line in worker.stdout:
                if line.startswith("RESULT "):  # dbt prints too
                    results.append(json.loads(line.removeprefix("RESULT ")))
                    progress.update(bar, advance=results[-1]["outcome"] != "stillborn")
    broken = [str(number) for number, worker in enumerate(running) if worker.wait()]
    if broken:
        raise SystemExit(f"worker {', '.join(broken)} stopped: run with --worker 0 to see why")
    report(order, results, time.monotonic() - started, chosen.at_least)


def report(order: list[Mutant], results: list[dict], seconds: float, at_least: float) -> None:
    """Print what killed, what survived and the share; fail below ``at_least`` or on a survivor without a reason."""
    explained = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or {} if EXPLAINED.exists() else {}
    tried = [result for result in results if result["outcome"] != "stillborn"]
    survivors = [order[result["place"]] for result in tried if result["outcome"] == "survived"]
    for kind, number in Counter(r["reason"].split(":")[0] for r in tried if r["outcome"] == "killed").most_common():
        print(f"{number:4d} killed by {kind}")
    for mutant in survivors:
        print(f"\nsurvived: {mutant.file}:{mutant.line}, {mutant.operator}\n  - {mutant.before}\n  + {mutant.after}")
        print(f"  {explained.get(mutant.key, 'no reason is known: a gap in the tests')}")
    share = 1 - len(survivors) / len(tried)
    harmless = sum(mutant.key in explained for mutant in survivors)
    print(
        f"\n{len(tried) - len(survivors)} of {len(tried)} mistakes noticed: {share:.1%}; {harmless} of those that"
        f" survived change no number ({len(results) - len(tried)} more were no valid SQL; {seconds / 60:.0f} min)"
    )
    if share < at_least:
        raise SystemExit(f"below {at_least:.0%}")


if __name__ == "__main__":
    main()
