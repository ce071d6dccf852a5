"""One engine on the golden warehouse for all cases, and the golden rows in a database of their own for the oracles."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from harness import build_golden
from harness.cases import golden_rows
from harness.golden import ROOT


@pytest.fixture(scope="session")
def golden_warehouse():
    """The file of the golden warehouse, built where something is newer; its data tests pass."""
    failed = build_golden.build()
    assert not failed, f"data tests fail on the golden rows: {failed}"
    return build_golden.WAREHOUSE


@pytest.fixture(scope="session")
def engine(golden_warehouse):
    """The semantic layer on the golden warehouse: started once, asked for every case."""
    from kpi.semantic import SemanticLayer

    os.environ |= build_golden.environment()
    os.environ["DBT_TARGET_PATH"] = str(build_golden.TARGET)
    compiled, usual = build_golden.TARGET / "semantic_manifest.json", ROOT / "target" / "semantic_manifest.json"
    if not usual.exists():
        shutil.copy(compiled, usual)
    # MetricFlow reads target/ whatever the setting says: there the definitions may be older than what is tested
    definitions = json.loads(compiled.read_text(encoding="utf-8"))
    return SemanticLayer(ROOT, os.environ["DBT_PROFILES_DIR"]).defined_by(definitions)


@pytest.fixture(scope="session")
def raw():
    """The golden rows in a database of their own."""
    return golden_rows()
