"""One engine on the golden warehouse for all cases, and the golden rows in a database of their own for the oracles."""

from __future__ import annotations

import pytest
from harness import build_golden
from harness.cases import golden_rows


@pytest.fixture(scope="session")
def golden_warehouse(tmp_path_factory):
    """The file of the golden warehouse, or a copy for this process; its data tests pass."""
    return build_golden.for_this_process(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="session")
def engine(golden_warehouse):
    """The semantic layer on the golden warehouse: started once, asked for every case."""
    with build_golden.engine(golden_warehouse).connected() as layer:
        yield layer


@pytest.fixture(scope="session")
def raw():
    """The golden rows in a database of their own."""
    return golden_rows()
