"""One engine on the golden warehouse for all cases, and the golden rows in a database of their own for the oracles."""

from __future__ import annotations

import importlib
import os
import pkgutil

import pytest
from golden import oracles
from harness import build_golden
from harness.golden import ROOT, oracle


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
    return SemanticLayer(ROOT, os.environ["DBT_PROFILES_DIR"])


@pytest.fixture(scope="session")
def raw():
    """The golden rows as a person wrote them, with the tables that the oracles derive from them."""
    connection = oracle()
    names = sorted(module.name for module in pkgutil.iter_modules(oracles.__path__))
    # people come first: everybody else counts them
    for name in sorted(names, key=lambda name: (name != "people", name != "orders", name)):
        module = importlib.import_module(f"golden.oracles.{name}")
        if hasattr(module, "prepare"):
            module.prepare(connection)
    return connection
