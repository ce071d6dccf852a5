"""One engine on the golden warehouse for all cases, and the golden rows in a database of their own for the oracles."""

from __future__ import annotations

import shutil

import pytest
from filelock import FileLock
from harness import build_golden
from harness.cases import golden_rows


@pytest.fixture(scope="session")
def golden_warehouse(worker_id, tmp_path_factory):
    """The file of the golden warehouse, built where something is newer; its data tests pass.

    A file has one process: where several ask, the first one builds and each has a copy of its own.
    """
    build_golden.WAREHOUSE.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(build_golden.WAREHOUSE.with_suffix(".lock")):
        failed = build_golden.build()
    assert not failed, f"data tests fail on the golden rows: {failed}"
    if worker_id == "master":
        return build_golden.WAREHOUSE
    return shutil.copy(build_golden.WAREHOUSE, tmp_path_factory.mktemp("golden") / build_golden.WAREHOUSE.name)


@pytest.fixture(scope="session")
def engine(golden_warehouse):
    """The semantic layer on the golden warehouse: started once, asked for every case."""
    return build_golden.engine(golden_warehouse)


@pytest.fixture(scope="session")
def raw():
    """The golden rows in a database of their own."""
    return golden_rows()
