"""The seed that says which metric needs which export is what the golden warehouse shows without each of them."""

from __future__ import annotations

import pytest
from harness.absent import measure, new_bench, read


@pytest.fixture(scope="module")
def measured():
    """What each metric loses without each export."""
    return measure(new_bench())


def test_metric_exports_are_as_measured(measured):
    assert measured == read(), "seeds/reference/metric_exports.csv is stale: run `python -m harness.absent`"
