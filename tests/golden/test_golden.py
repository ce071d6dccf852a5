"""Each golden case: what the semantic layer answers is what an oracle counts from the rows themselves."""

from __future__ import annotations

import pytest
from harness.cases import differences, expected, is_same, keyed, load_cases


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in load_cases()])
def test_case(engine, raw, case):
    answer = engine.query(case.metrics, case.group_by, case.where)
    answered = keyed(answer.columns, answer.rows, case.group_by, case.metrics)
    counted = expected(raw, case)
    # an oracle that finds nothing agrees with a metric that finds nothing: that has to be meant
    assert bool(counted) != bool(case.text.get("is_unknown")), "the oracle knows an answer" if counted else "no answer"
    wrong = differences(counted, answered, case.metrics)
    assert not wrong, "\n".join(wrong[:20])
    for period, value in case.text.get("counted", {}).items():
        key = (period,) if case.grain != "all" else ()
        if key in counted:
            found = counted[key][0]
            assert is_same(found, value), f"counted on paper for {period}: {value}, by the oracle {found}"
