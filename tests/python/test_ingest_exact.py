"""JSON is read fast and exactly: whatever it holds, as the slow and exact parser reads it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.ingest.exact import loads

ODD = st.sampled_from(
    ["118732825779547782215", ": 3.5", "1e5", ", 12345678901234567890", "[0.10", "-1.50", "E2026", "\\u003cxml", ""]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5) | ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | ODD, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(value=VALUES, spaced=st.booleans())
def test_values_are_those_of_the_exact_parser(value, spaced):
    text = json.dumps(value, ensure_ascii=False, separators=(", ", " : ") if spaced else (",", ":"))
    exact = json.loads(text, parse_float=Decimal)
    assert loads(text) == exact
    assert repr(loads(text.encode())) == repr(exact)


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity, "b": 1.5}', "{", "[" * 100_000])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        loads(text)
