"""The coverage ratchet fails on what is lost and names it; what is gained it offers to hold."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MODEL = "model.community_metrics.fct_sales"


@pytest.fixture
def target(tmp_path):
    """A copy of what dbt wrote, to be spoiled."""
    for name in ("manifest.json", "catalog.json"):
        if not (ROOT / "target" / name).is_file():
            pytest.skip(f"target/{name} is missing: run `make test-docs`")
        shutil.copy(ROOT / "target" / name, tmp_path)
    return tmp_path


@pytest.fixture
def floors(target):
    """Floors that are what there is."""
    run(target, "--raise")
    return yaml.safe_load((target / "floors.yml").read_text(encoding="utf-8"))


def run(target, *arguments):
    """Output of the ratchet over a folder, and whether it passed."""
    command = [sys.executable, ROOT / ".ci" / "coverage.py", "--target", target, "--floors", target / "floors.yml"]
    outcome = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert not outcome.stderr, outcome.stderr
    return outcome.stdout, outcome.returncode == 0


def spoil(target, change):
    """Change the manifest."""
    path = target / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def remove_description(manifest):
    next(iter(manifest["nodes"][MODEL]["columns"].values()))["description"] = ""


def remove_key_test(manifest):
    nodes = manifest["nodes"]
    key = [name for name, node in nodes.items() if node.get("attached_node") == MODEL and "unique" in name]
    assert key
    for name in key:
        del nodes[name]


def remove_unit_tests(manifest):
    tests = manifest["unit_tests"]
    for name in [name for name, test in tests.items() if MODEL in test["depends_on"]["nodes"]]:
        del tests[name]


def remove_one_unit_test(manifest):
    tests = manifest["unit_tests"]
    of_a_model = [name for name, test in tests.items() if MODEL in test["depends_on"]["nodes"]]
    assert len(of_a_model) > 1
    del tests[of_a_model[0]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (remove_description, "columns described, marts: "),
        (remove_key_test, "models with a key test, marts: "),
        (remove_unit_tests, "models with a unit test, marts: "),
    ],
    ids=["description", "key test", "unit tests"],
)
def test_what_a_model_lost_fails_and_is_named(target, floors, change, said):
    spoil(target, change)
    output, passed = run(target)
    assert not passed
    lost = next(line for line in output.splitlines() if said in line)
    assert "not marts.fct_sales" in lost
    assert lost.count("marts.") == 1, "only what has gone is named"


def test_one_unit_test_less_fails_even_where_its_model_has_others(target, floors):
    spoil(target, remove_one_unit_test)
    output, passed = run(target)
    assert not passed
    assert f"unit tests: {floors['numbers']['unit_tests'] - 1}, floor {floors['numbers']['unit_tests']}" in output


def test_more_than_the_floor_passes_and_says_how_to_hold_it(target, floors):
    floors["numbers"]["data_tests"] -= 1
    (target / "floors.yml").write_text(yaml.safe_dump(floors), encoding="utf-8")
    output, passed = run(target)
    assert passed
    assert "Above the floor: data tests. `make ratchet` raises it." in output


def test_floors_are_not_lowered_by_raising_them(target, floors):
    before = (target / "floors.yml").read_bytes()
    spoil(target, remove_description)
    _, passed = run(target, "--raise")
    assert not passed
    assert (target / "floors.yml").read_bytes() == before


def test_committed_floors_are_held(target):
    """What `make test-coverage` says, so that a run of pytest alone notices it too."""
    shutil.copy(ROOT / ".ci" / "ratchet.yml", target / "floors.yml")
    output, passed = run(target)
    assert passed, output
