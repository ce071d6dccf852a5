"""One engine on the golden warehouse for all cases, and the golden rows in a database of their own for the oracles."""

from __future__ import annotations

import pytest
from harness import build_golden
from harness.cases import golden_rows


@pytest.fixture(scope="session")
def golden_warehouse():
    """The file of the golden warehouse, built where something is newer; its data tests pass."""
    failed = build_golden.build()
    assert not failed, f"data tests fail on the golden rows: {failed}"
    return build_golden.WAREHOUSE


@pytest.fixture(scope="session")
def engine(golden_warehouse):
    """The semantic layer on the golden warehouse: started once, asked for every case."""
    return build_golden.engine()


@pytest.fixture(scope="session")
def raw():
    """The golden rows in a database of their own."""
    return golden_rows()
