"""The conventions that no linter knows, read from the file tree and from dbt's manifest."""

import csv
import functools
import json
import os
import re
from pathlib import Path

import jinja2
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "target" / "manifest.json"
CATALOGUE = ROOT / "docs" / "reference" / "kpi-catalogue.csv"
PROJECT = "community_metrics"

META_KEYS = ("stage", "additivity", "direction", "source_documents", "owner", "version")
# Metrics of the catalogue that are not there yet.
NOT_YET = {"predicted_clv"}
GRAIN = "One row per "
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# Never committed, so never read here: what is installed, generated or the machine's own.
GENERATED = {
    *(".git", ".servers", ".superset", ".venv", "target", "logs", "warehouse"),
    *("dbt_packages", "dbt_internal_packages"),
    *("__pycache__", ".pytest_cache", ".ruff_cache", "profiles.yml", ".user.yml"),
}
# In parts, so that this file does not contain what it looks for.
REGISTRIES = (
    *("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com"),
    *("ana" + "conda.org", "crates" + ".io", "ghcr" + ".io", "proxy.golang" + ".org"),
)
INDEX_OPTION = re.compile(r"--(?:extra-)?index" + r"-url[ =]|--find" + r"-links[ =]")
MACHINE_PATH = re.compile(r"(?<![\w.~$}/:-])/(?:root|home|Users|work|tmp/[\w-]+)/[\w.-]")


@functools.cache
def read_yaml(path):
    """Content of a YAML file, read once and by the parser in C: there are hundreds of them."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}


@pytest.fixture(scope="module")
def manifest():
    """What dbt last wrote about the project."""
    if not MANIFEST.is_file():
        pytest.skip("target/manifest.json is missing: run `make test-build` or `.venv/bin/dbt parse`")
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def metrics(manifest):
    """Metrics of the catalogue, by id."""
    return {m["name"]: m for m in manifest["metrics"].values() if not is_helper(m)}


@pytest.fixture(scope="module")
def catalogue():
    """Lines of the committed catalogue, by metric id."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return {line["metric"]: line for line in csv.DictReader(file)}


def is_helper(metric):
    return metric["config"].get("meta", {}).get("helper") is True


def nodes(manifest, kind):
    """The project's own nodes of one resource type."""
    found = manifest["nodes"].values()
    return [n for n in found if n["resource_type"] == kind and n["package_name"] == PROJECT]


def described_in(path, kind):
    """Names described in a YAML file under one key."""
    content = read_yaml(path)
    return [entry["name"] for entry in content.get(kind, [])]


def committed_files():
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if f not in GENERATED and not f.endswith(".egg-info"))
        for name in sorted(files):
            if name not in GENERATED and not name.endswith((".duckdb", ".wal", ".pyc")):
                yield Path(folder) / name


def relative(path):
    return path.relative_to(ROOT).as_posix()


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "profiles.example.yml"])
def test_what_a_reader_looks_for_is_there(name):
    assert (ROOT / name).stat().st_size > 200


@pytest.mark.parametrize(("folder", "suffix", "kind"), [("models", ".sql", "models"), ("seeds", ".csv", "seeds")])
def test_each_has_one_yaml_of_its_name_beside_it(folder, suffix, kind):
    wrong = []
    for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
        beside = path.with_suffix(".yml")
        if not beside.is_file():
            wrong.append(f"{relative(path)}: no {beside.name} beside it")
        elif described_in(beside, kind) != [path.stem]:
            wrong.append(f"{relative(beside)}: must describe {path.stem}, and it alone")
    assert not wrong, "\n".join(wrong)


def test_no_yaml_describes_a_model_or_seed_that_is_gone():
    wrong = [
        f"{relative(path)}: no {path.stem}{suffix} beside it"
        for folder, suffix, kind in [("models", ".sql", "models"), ("seeds", ".csv", "seeds")]
        for path in sorted((ROOT / folder).rglob("*.yml"))
        if described_in(path, kind) and not path.with_suffix(suffix).is_file()
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_holds_a_registry_host_or_a_path_of_some_machine():
    wrong = []
    for path in committed_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if any(host in line for host in REGISTRIES) or INDEX_OPTION.search(line) or MACHINE_PATH.search(line):
                wrong.append(f"{relative(path)}:{number}: {line.strip()[:120]}")
    assert not wrong, "\n".join(wrong[:20])


def test_unit_tests_pin_every_var_of_their_model():
    """A unit test must not depend on what --vars of the day says."""
    reads = {
        path.stem: set(re.findall(r"\bvar\(\s*['\"](\w+)['\"]", path.read_text(encoding="utf-8")))
        for path in (ROOT / "models").rglob("*.sql")
    }
    assert any(reads.values())
    wrong = []
    for path in sorted((ROOT / "models").rglob("*.yml")):
        content = read_yaml(path)
        for unit_test in content.get("unit_tests", []):
            pinned = unit_test.get("overrides", {}).get("vars", {})
            missing = sorted(reads.get(unit_test["model"], set()) - set(pinned))
            if missing:
                wrong.append(f"{relative(path)}: {unit_test['name']} does not override {', '.join(missing)}")
    assert not wrong, "\n".join(wrong)


# --- dbt resources -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["model", "seed"])
def test_descriptions_open_with_the_grain(manifest, kind):
    found = nodes(manifest, kind)
    assert found
    wrong = [n["name"] for n in found if not n["description"].startswith(GRAIN)]
    assert not wrong, f"description does not open with {GRAIN!r}: {wrong}"


def macro_arguments(macro):
    """Argument names in the macro's own signature."""
    signature = re.search(
        r"{%-?\s*(?:macro|test|data_test)\s+\w+\s*\((?P<arguments>.*?)\)\s*-?%}",
        macro["macro_sql"],
        flags=re.DOTALL,
    )
    if signature is None:
        return []
    header = "{% macro m(" + signature["arguments"] + ") %}{% endmacro %}"
    return [argument.name for argument in jinja2.Environment().parse(header).body[0].args]


def test_unit_tests_have_names_that_postgresql_can_hold(manifest):
    names = [test["name"] for test in manifest["unit_tests"].values()]
    assert names
    assert [name for name in names if len(name.encode()) > 63] == []


def test_macros_are_documented_with_their_arguments(manifest):
    own = {m["name"]: m for m in manifest["macros"].values() if m["package_name"] == PROJECT}
    assert own
    wrong = []
    for name, macro in sorted(own.items()):
        if name.partition("__")[2] in own:
            continue  # an engine's implementation of a documented macro
        if not macro["description"]:
            wrong.append(f"{name}: no description")
        elif not (macro["patch_path"] or "").endswith("macros/_macros.yml"):
            wrong.append(f"{name}: described elsewhere than in macros/_macros.yml")
        described = [a["name"] for a in macro["arguments"] if a["description"]]
        if described != macro_arguments(macro):
            wrong.append(f"{name}: described {described}, takes {macro_arguments(macro)}")
    assert not wrong, "\n".join(wrong)


def test_keys_are_given_as_sets(manifest):
    """A list of names is rendered name by name, ten milliseconds each in every build (docs/decisions/0062)."""
    tests = [node for node in nodes(manifest, "test") if (node.get("test_metadata") or {}).get("name") == "has_key"]
    assert tests
    lists = []
    for test in tests:
        given = test["test_metadata"]["kwargs"]
        names = [given["columns"], given.get("filled", {}), *given.get("accepted", {}).values()]
        lists += [test["name"] for found in names if not isinstance(found, dict)]
    assert not lists, f"write {{a, b}} for [a, b] in the arguments of: {sorted(set(lists))}"


# --- metrics -------------------------------------------------------------------------------------


def test_metrics_are_in_the_catalogue_under_their_label(metrics, catalogue):
    wrong = [
        f"{name}: label {metric['label']!r}, in the catalogue {meant!r}"
        for name, metric in metrics.items()
        if metric["label"] != (meant := catalogue.get(name, {}).get("label_zh"))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_catalogue_is_complete(metrics, catalogue):
    assert set(catalogue) - set(metrics) == NOT_YET


def test_metric_ids_of_helpers_are_not_in_the_catalogue(manifest, catalogue):
    helpers = {m["name"] for m in manifest["metrics"].values() if is_helper(m)}
    assert not helpers & set(catalogue)


def test_every_metric_has_a_chinese_label(manifest, catalogue):
    """The catalogue has the last word: its LTV:CAC is what operators say."""
    wrong = [
        m["name"]
        for m in manifest["metrics"].values()
        if m["name"] not in catalogue and not CHINESE.search(m["label"] or "")
    ]
    assert not wrong, f"no Chinese label: {wrong}"


def test_metric_labels_are_told_apart(manifest):
    labels = [m["label"] for m in manifest["metrics"].values()]
    assert not {label for label in labels if labels.count(label) > 1}


def test_descriptions_define_the_metric(manifest):
    wrong = []
    for metric in manifest["metrics"].values():
        description = metric["description"] or ""
        least = 1 if is_helper(metric) else 120
        if len(description) < least:
            wrong.append(f"{metric['name']}: {len(description)} characters, at least {least}")
        if metric["type"] == "ratio" and not is_helper(metric):
            wrong += [
                f"{metric['name']}: does not state its {word}"
                for word in ("Numerator", "Denominator")
                if word not in description
            ]
    assert not wrong, "\n".join(wrong)


def test_metrics_carry_their_meta(metrics):
    wrong = [
        f"{name}: {key}"
        for name, metric in metrics.items()
        for key in META_KEYS
        if key not in metric["config"].get("meta", {})
    ]
    assert not wrong, "missing in config.meta:\n" + "\n".join(wrong)


@pytest.mark.parametrize("key", ["stage", "additivity", "direction"])
def test_meta_says_what_the_catalogue_says(metrics, catalogue, key):
    wrong = []
    for name, metric in metrics.items():
        said = metric["config"].get("meta", {}).get(key)
        meant = catalogue.get(name, {}).get(key) or "none"
        if said != meant:
            wrong.append(f"{name}: {key} {said!r}, in the catalogue {meant!r}")
    assert not wrong, "\n".join(wrong)


def test_definitions_know_every_variable_that_is_named():
    """Else a changed variable would leave rows of before (macros/increments.sql: with_variables)."""
    written = re.search(r"findall\('(.+)', text\)", (ROOT / "macros" / "increments.sql").read_text(encoding="utf-8"))
    pattern = written[1].replace("\\\\", "\\").replace("\\'", "'")
    named = set()
    for path in [*(ROOT / "models").rglob("*.sql"), *(ROOT / "macros").rglob("*.sql")]:
        text = path.read_text(encoding="utf-8").replace("env_var(", "")
        found = re.findall(pattern, text)
        called = len(re.findall(r"\bvar\((?!name, none\)|\\\\)", text))
        assert len(found) == called, path
        named.update(found)
    variables = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert named <= set(variables)
