"""The pages written from the project say what the project says now."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import pytest

from kpi.contracts import load_contracts
from kpi.contracts.page import exports_page, read_needs
from kpi.pages import _part, alarms_page, analyses_page, identities_page, metrics_page
from kpi.semantic import Answer

ROOT = Path(__file__).parents[2]
COMPILED = ROOT / "target" / "compiled" / "community_metrics" / "analyses"


@pytest.fixture(scope="module")
def sources():
    """Manifest and questions, and that the analyses were compiled."""
    import json

    import yaml

    if not COMPILED.is_dir():
        pytest.skip("target/compiled is missing: run `make test-docs` or `.venv/bin/dbt compile`")
    manifest = json.loads((ROOT / "target" / "manifest.json").read_text(encoding="utf-8"))
    return manifest, yaml.safe_load((ROOT / "docs" / "analyses.yml").read_text(encoding="utf-8"))


def test_metric_catalogue_page_is_fresh(semantic_layer, sources):
    committed = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert committed == metrics_page(semantic_layer, sources[0]), "docs/metrics.md is stale: run `make pages`"


def test_identities_page_is_fresh(sources):
    committed = (ROOT / "docs" / "identities.md").read_text(encoding="utf-8")
    assert committed == identities_page(sources[0]), "docs/identities.md is stale: run `make pages`"


def test_analyses_page_is_fresh(semantic_layer, sources):
    committed = (ROOT / "docs" / "analyses.md").read_text(encoding="utf-8")
    assert committed == analyses_page(semantic_layer, sources[1], COMPILED), (
        "docs/analyses.md is stale: run `make pages`"
    )


def test_alarms_page_is_fresh():
    from harness.faults import load_faults

    committed = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    assert committed == alarms_page(load_faults()), "docs/alarms.md is stale: run `make pages`"


def test_exports_page_is_fresh():
    committed = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    assert committed == exports_page(load_contracts().values(), read_needs(ROOT)), (
        "docs/exports.md is stale: run `make pages`"
    )


def test_every_analysis_is_shown(sources):
    """An analysis that nobody can find with its answer is dead."""
    shown = {question.get("analysis") for chapter in sources[1]["chapters"] for question in chapter["questions"]}
    assert {path.stem for path in (ROOT / "analyses").glob("*.sql")} <= shown


def test_part_of_an_answer():
    """Columns come in the order asked for; rows are chosen by what readers see, so that a date needs no time."""
    answer = Answer(("day", "name", "orders"), [(dt.datetime(2026, 5, 1), "甲", 3), (dt.datetime(2026, 5, 2), "乙", 4)])
    question = {"columns": ["orders", "day"], "only": {"day": [dt.date(2026, 5, 2)]}}
    assert _part(answer, question) == Answer(("orders", "day"), [(4, dt.datetime(2026, 5, 2))])
    assert _part(answer, {}) == answer


def test_glossary_has_every_metric_of_the_catalogue_under_its_label():
    with (ROOT / "docs" / "reference" / "kpi-catalogue.csv").open(encoding="utf-8", newline="") as file:
        meant = {(row["label_zh"], row["metric"]) for row in csv.DictReader(file)}
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| ([^|]+) \| ([^|]+) \| `(\w+)` \|$", glossary, re.MULTILINE)
    assert {(label, metric) for label, _, metric in named} == meant
    assert len(named) == len(meant), "a metric stands twice in docs/glossary.md"
