"""Every metric of the demo against the truth that the generator knows from its own simulation.

The truth is computed in Python, without SQL, from what the simulation put into the exports; the
metrics come from the built warehouse through the semantic layer. Counts and money must be equal,
ratios equal to 1e-9. What is a value in one and absent in the other is a failure too.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

TRUTH = Path(__file__).parents[1] / "truth" / "metrics.csv"
TIME = {grain: f"metric_time__{grain}" for grain in ("day", "week", "month")}
DIMENSIONS = {
    "community_id": "community",
    "channel_id": "channel",
    "segment": "member_snapshot__user_segment",
}
# helpers whose value is proven through the metric they are made for
WITHOUT_TRUTH = {
    "credited_new_memberships": "numerator of join_rate",
    "countable_impressions": "denominator of join_rate; equal to impressions on the days of the demo",
    "opening_memberships": "denominator of member_growth_rate",
    "transferred_memberships": "term of the identity closing = opening + new - leaves - dissolved - transferred",
    "membership_days": "denominator of interaction_rate",
    "observed_days": "denominator of average_memberships",
    "average_memberships": "denominator of messages_per_member",
    "refunded_sales": "numerator of refund_rate",
    "classified_members": "denominator of segment_share",
} | {
    f"{part}_memberships_d{age}": f"part of membership_retention_rate_d{age}"
    for part in ("matured", "retained")
    for age in (1, 7, 30)
}


def load_truth():
    """Cells as {(metric, grain, dimensions): {(period, *dimension values): (value, is_ratio)}}."""
    cells = defaultdict(dict)
    with TRUTH.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names = [name for name in DIMENSIONS if row[name]]
            values = [row[name] for name in names]
            dimensions = tuple(DIMENSIONS[name] for name in names)
            if row["other_dimension"]:
                dimensions, values = (*dimensions, row["other_dimension"]), [*values, row["other_value"]]
            key = (dt.date.fromisoformat(row["period_start"]), *values)
            value = Decimal(row["value"]) if row["value"] else None
            cells[row["metric"], row["grain"], dimensions][key] = (value, bool(row["denominator"]))
    return cells


CELLS = load_truth()


def differs(expected, actual, is_ratio):
    """Whether two values are not the same number."""
    if expected is None or actual is None:
        return expected is not actual
    if is_ratio:
        return abs(float(expected) - float(actual)) > 1e-9 * max(1.0, abs(float(expected)))
    return expected != Decimal(str(actual))


@pytest.mark.parametrize(
    ("metric", "grain", "dimensions"),
    sorted(CELLS),
    ids=lambda part: "-".join(part) or "all" if isinstance(part, tuple) else part,
)
def test_metric_equals_truth(semantic_layer, metric, grain, dimensions):
    group_by = [TIME[grain], *dimensions]
    answer = semantic_layer.query([metric], group_by)
    actual = {
        (key[0].date(), *map(str, key[1:])): value
        for key, value in answer.by_key(group_by, metric).items()
        if value is not None
    }
    expected = CELLS[metric, grain, dimensions]
    wrong = [
        f"{key}: truth {value}, metric {actual.get(key)}"
        for key, (value, is_ratio) in expected.items()
        if differs(value, actual.get(key), is_ratio)
    ]
    wrong += [f"{key}: no truth, metric {actual[key]}" for key in actual.keys() - expected.keys()]
    assert not wrong, f"{len(wrong)} of {len(expected)} cells differ:\n" + "\n".join(sorted(wrong)[:10])


def test_every_metric_has_a_truth_or_a_reason(semantic_layer):
    proven = {metric for metric, _, _ in CELLS}
    assert set(semantic_layer.metric_names()) == proven | set(WITHOUT_TRUTH)
    assert not proven & set(WITHOUT_TRUTH)
