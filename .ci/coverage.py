"""What is documented and tested, held against floors that only rise.

Reads what dbt wrote to target/ (manifest.json and catalog.json) and counts the cases that lie beside the models. A
share or a number below its floor in .ci/ratchet.yml fails and names what has gone; `make ratchet` raises the floors.

Described columns and models with unit tests come from dbt-coverage, which compares with the columns that the warehouse
really has. Keys do not: it counts tests by column, and most keys here are several columns.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from dbt_coverage import CoverageType, do_compute

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ROOT / ".ci" / "ratchet.yml"
KEY_TESTS = {"has_key"}
HEADER = """\
# Floors of `make test-coverage`: percent of what there is in a layer, and numbers of tests. They only rise; written by
# `make ratchet`. What is missing is named, so that what goes missing next can be told from it.
"""


@dataclass
class Share:
    """How much of a layer has something, and the names of what has not."""

    total: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Rounded down, so that 100 is all of it."""
        return math.floor(1000 * (self.total - len(self.missing)) / self.total) / 10 if self.total else 100.0


def by_layer(names: dict[str, bool]) -> dict[str, Share]:
    """Shares by layer, which is the schema, of ``{schema.name: whether it has it}``."""
    shares: defaultdict[str, Share] = defaultdict(Share)
    for name, has_it in sorted(names.items()):
        for layer in (name.partition(".")[0], "total"):
            shares[layer].total += 1
            if not has_it:
                shares[layer].missing.append(name)
    return dict(shares)


def measured_by_dbt_coverage(target: Path, kind: CoverageType) -> dict[str, bool]:
    """``{schema.model or schema.model.column: whether it is covered}``; its own printing is left out."""
    with contextlib.redirect_stdout(io.StringIO()):
        report = do_compute(run_artifacts_dir=target, cov_type=kind, cov_report=Path(os.devnull))
    return {
        ".".join(filter(None, (item.table_name, getattr(item, "column_name", None)))): item in report.covered
        for item in report.total
    }


def has_key_test(manifest: dict) -> dict[str, bool]:
    """``{schema.model: whether its key is tested}``."""
    tested = {
        node.get("attached_node")
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") in KEY_TESTS
    }
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    return {f"{node['schema']}.{node['name']}": key in tested for key, node in models.items()}


def read_lists(pattern: str, key: str = "") -> list[dict]:
    """Entries of all YAML files that match, each a list or a mapping with the list under ``key``; parsed in C."""
    found: list[dict] = []
    for path in sorted(ROOT.glob(pattern)):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or []
        found += content.get(key, []) if isinstance(content, dict) else content
    return found


def count_golden_cases() -> int:
    """Questions with an answer counted from the golden rows; one per grain that a case names."""
    return sum(len(case.get("grains", ["all"])) for case in read_lists("tests/golden/cases/*.yml", "cases"))


def count_expectations() -> int:
    """Expectations at the two boundaries; one per column that a check names."""
    return sum(len(check.get("columns", ["one"])) for check in read_lists("kpi/boundaries/suites/*/*.yml", "checks"))


def count_faults() -> int:
    """Faults that are planted to be found."""
    return len(read_lists("tests/faults/*.yml", "faults"))


def count_data_checks(manifest: dict) -> int:
    """What data tests look for: one thing each, but has_key for the key, for nulls by column, for values by column."""
    count = 0
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        test = node.get("test_metadata") or {}
        count += 1
        if test.get("name") == "has_key":
            given = test["kwargs"]
            never_null = {*given.get("filled", []), *(given["columns"] if len(given["columns"]) == 1 else [])}
            count += len(never_null) + len(given.get("accepted", {}))
    return count


def count_tests(manifest: dict) -> dict[str, int]:
    """Numbers of tests by kind; 0 of what is not there."""
    return {
        "data_tests": count_data_checks(manifest),
        "unit_tests": len(manifest["unit_tests"]),
        "golden_cases": count_golden_cases(),
        "expectations": count_expectations(),
        "faults": count_faults(),
    }


def measure(target: Path) -> tuple[dict[str, dict[str, Share]], dict[str, int]]:
    """Shares by measure and layer, and numbers of tests."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    shares = {
        "columns described": by_layer(measured_by_dbt_coverage(target, CoverageType.DOC)),
        "models with a key test": by_layer(has_key_test(manifest)),
        "models with a unit test": by_layer(measured_by_dbt_coverage(target, CoverageType.UNIT_TEST)),
    }
    return shares, count_tests(manifest)


def compare(shares: dict[str, dict[str, Share]], numbers: dict[str, int], floors: dict) -> tuple[list[str], list[str]]:
    """What is below its floor, with the names of what has gone, and what is above it."""
    below, above = [], []
    for measure_name, layers in shares.items():
        known = set(floors.get("missing", {}).get(measure_name, []))
        for layer, share in layers.items():
            floor = floors.get("percent", {}).get(measure_name, {}).get(layer, 0)
            if share.percent < floor:
                gone = [name for name in share.missing if name not in known] or share.missing
                below.append(f"{measure_name}, {layer}: {share.percent} %, floor {floor} %: not {', '.join(gone)}")
            elif share.percent > floor:
                above.append(f"{measure_name}, {layer}")
    for name, number in numbers.items():
        floor = floors.get("numbers", {}).get(name, 0)
        if number < floor:
            below.append(f"{name.replace('_', ' ')}: {number}, floor {floor}: {floor - number} have gone")
        elif number > floor:
            above.append(name.replace("_", " "))
    return below, above


def write_floors(path: Path, shares: dict[str, dict[str, Share]], numbers: dict[str, int]) -> None:
    """Raise every floor to what is there."""
    floors = {
        "percent": {name: {layer: share.percent for layer, share in by.items()} for name, by in shares.items()},
        "missing": {name: by["total"].missing for name, by in shares.items() if by["total"].missing},
        "numbers": numbers,
    }
    path.write_text(HEADER + yaml.safe_dump(floors, sort_keys=False, allow_unicode=True), encoding="utf-8")


def print_table(shares: dict[str, dict[str, Share]], numbers: dict[str, int]) -> None:
    """One line per measure; the last line holds the numbers."""
    for name, layers in shares.items():
        ordered = sorted(layers.items(), key=lambda item: item[0] == "total")
        print(f"{name:<24}" + "  ".join(f"{layer} {share.percent:g} %" for layer, share in ordered))
    print(", ".join(f"{number} {name.replace('_', ' ')}" for name, number in numbers.items()))


def main() -> int:
    """Print, compare and, if asked, raise the floors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=ROOT / "target", help="folder of manifest.json and catalog.json")
    parser.add_argument("--floors", type=Path, default=FLOORS)
    parser.add_argument("--raise", dest="raise_floors", action="store_true", help="write what is there as the floors")
    options = parser.parse_args()
    shares, numbers = measure(options.target)
    floors = yaml.safe_load(options.floors.read_text(encoding="utf-8")) if options.floors.is_file() else {}
    below, above = compare(shares, numbers, floors)
    if below:
        print("Below the floors of .ci/ratchet.yml:", *below, sep="\n  ")
        return 1
    if options.raise_floors:
        write_floors(options.floors, shares, numbers)
    elif above:
        print(f"Above the floor: {'; '.join(above)}. `make ratchet` raises it.")
    print_table(shares, numbers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
