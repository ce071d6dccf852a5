"""The seed that says which metric needs which export is what the golden warehouse shows without each of them."""

from __future__ import annotations

import pytest
from harness import build_golden
from harness.absent import EXPORTS, lost, new_bench, read


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """The golden warehouse with the question of every metric."""
    return new_bench(build_golden.for_this_process(tmp_path_factory.mktemp("golden")))


@pytest.mark.parametrize("export", EXPORTS)
def test_metric_exports_are_as_measured(bench, export):
    written = [row for row in read() if row[2] == export]
    assert lost(bench, export) == written, "metric_exports.csv is stale: run `make contracts METRICS=1`"


def test_only_golden_exports_are_listed():
    assert {row[2] for row in read()} <= set(EXPORTS)
