"""The seed that says which metric needs which export is what the golden warehouse shows without them.

Every fifth export is tried here, all of them by `make contracts METRICS=1`, which writes the seed.
"""

from __future__ import annotations

from harness import build_golden
from harness.absent import EXPORTS, lost, new_bench, read

TRIED = EXPORTS[::5]


def test_metric_exports_are_as_measured(tmp_path_factory):
    bench = new_bench(build_golden.for_this_process(tmp_path_factory.mktemp("golden")))
    measured = sorted(row for export in TRIED for row in lost(bench, export))
    written = [row for row in read() if row[2] in TRIED]
    assert written
    assert measured == written, "metric_exports.csv is stale: run `make contracts METRICS=1`"


def test_only_golden_exports_are_listed():
    assert {row[2] for row in read()} <= set(EXPORTS)
