"""Each fault of the table rings the alarm that is named for it, or provably changes nothing."""

from __future__ import annotations

import pytest
from harness import build_golden
from harness.faults import QUARANTINE, Bench, boundary_findings, known, load_faults

AT_BOUNDARY = [fault for fault in load_faults() if "expectation" in fault]
FAULTS = [fault for fault in load_faults() if "expectation" not in fault]


def metrics_asked():
    """Metrics that some fault leaves unknown or unchanged."""
    named = [fault.get(key) for fault in FAULTS for key in ("unknown", "unchanged")]
    return sorted({metric for names in named if isinstance(names, list) for metric in names})


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """The golden warehouse and the SQL of the metrics that the table asks for, by month."""
    layer = build_golden.engine(build_golden.for_this_process(tmp_path_factory.mktemp("golden")))
    return Bench({metric: layer.sql_of([metric], ["metric_time__month"]) for metric in metrics_asked()})


def named(faults):
    """Faults as parameters, called by their sentence."""
    return [pytest.param(fault, id=fault["fault"]) for fault in faults]


@pytest.mark.parametrize("fault", named(FAULTS))
def test_fault(bench, fault):
    outcome = bench.try_fault(fault)
    if "stops" in fault:
        assert fault["stops"] in outcome.stopped, outcome.stopped or "the build did not stop"
        return
    assert not outcome.stopped, outcome.stopped
    if "quarantines" in fault:
        meant = fault["quarantines"]
        hits = [
            found
            for found in outcome.quarantined
            if found[0] == meant["export"] and found[1] == meant["column"] and meant["reason"] in found[2]
        ]
        assert len(hits) == meant.get("rows", 1), f"quarantined: {outcome.quarantined}"
        assert QUARANTINE in outcome.failed
    elif "unchanged" in fault:
        assert not outcome.quarantined, f"quarantined: {outcome.quarantined}"
    if "fails" in fault:
        assert fault["fails"] in outcome.failed, f"tests that fail: {outcome.failed}"
    for metric in fault.get("unknown", []):
        before, after = outcome.answers[metric]
        assert known(before), f"{metric} is not known without the fault either"
        assert not known(after), f"{metric} is known: {known(after)}"
    if fault.get("unchanged") == "everything":
        assert not outcome.changed, f"changed: {outcome.changed}"
    elif "unchanged" in fault:
        for metric in fault["unchanged"]:
            before, after = outcome.answers[metric]
            assert known(before), f"{metric} is not known without the fault either"
            assert sorted(map(str, before)) == sorted(map(str, after)), metric


@pytest.mark.parametrize("fault", named(AT_BOUNDARY))
def test_fault_at_the_boundary(fault):
    pytest.importorskip("great_expectations", reason="comes with `make setup`")
    assert fault["expectation"] in boundary_findings(fault)
