"""Every metric answers by every dimension that means something for it, and the parts fit the whole."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

MANIFEST = json.loads((Path(__file__).parents[2] / "target" / "manifest.json").read_text(encoding="utf-8"))
METRICS = {node["name"]: node["config"]["meta"] for node in MANIFEST["metrics"].values()}
COMMUNITY = ("community__community_type", "community__lifecycle_stage", "community__community_name")
CHANNEL = ("channel__channel_name",)
# what a referral or a refund has to do with the channel of a membership is not defined
WITHOUT_COMMUNITY = {"successful_referrals", "referrers"}
WITHOUT_CHANNEL = WITHOUT_COMMUNITY | {
    "refund_amount",
    "segment_members",
    "classified_members",
    "segment_share",
}


def dimensions(metric):
    """Shared dimensions of a metric."""
    return (() if metric in WITHOUT_COMMUNITY else COMMUNITY) + (() if metric in WITHOUT_CHANNEL else CHANNEL)


@pytest.mark.parametrize("metric", METRICS)
def test_metric_answers_at_day_week_and_month(semantic_layer, metric):
    for grain in ("day", "week", "month"):
        answer = semantic_layer.query([metric], [f"metric_time__{grain}"])
        assert any(row[-1] is not None for row in answer.rows), grain


@pytest.mark.parametrize("metric", METRICS)
def test_metric_answers_by_its_dimensions(semantic_layer, metric):
    total = semantic_layer.query([metric], ["metric_time__month"]).by_key(["metric_time__month"], metric)
    for dimension in dimensions(metric):
        answer = semantic_layer.query([metric], ["metric_time__month", dimension])
        assert any(row[-1] is not None for row in answer.rows), dimension
        if METRICS[metric]["additivity"] == "add":
            parts = defaultdict(Decimal)
            for (month, part), value in answer.by_key(["metric_time__month", dimension], metric).items():
                assert part is not None, f"{dimension}: a row without a value of the dimension"
                parts[month,] += Decimal(str(value or 0))
            assert dict(parts) == {month: Decimal(str(value or 0)) for month, value in total.items()}, dimension


@pytest.mark.parametrize("metric", sorted(WITHOUT_CHANNEL))
def test_impossible_combination_is_refused(semantic_layer, metric):
    with pytest.raises(Exception, match="channel__channel_name"):
        semantic_layer.query([metric], [*CHANNEL])


def test_ratio_is_the_ratio_of_sums_and_not_an_average(semantic_layer):
    month = ["metric_time__month"]
    answer = semantic_layer.query(["interaction_rate", "speakers", "membership_days"], month)
    at = answer.columns.index
    for row in answer.rows:
        rate = row[at("speakers")] / row[at("membership_days")]
        assert row[at("interaction_rate")] == pytest.approx(rate, rel=1e-12)


def test_shares_of_classified_segments_add_up_to_one(semantic_layer):
    keys = ["metric_time__month", "member_snapshot__user_segment"]
    shares = defaultdict(float)
    for (month, segment), share in semantic_layer.query(["segment_share"], keys).by_key(keys, "segment_share").items():
        if segment == "observing":
            assert share is None
        else:
            shares[month] += share
    assert shares
    assert all(total == pytest.approx(1, abs=1e-12) for total in shares.values())


def test_metrics_asked_together_equal_metrics_asked_alone(semantic_layer):
    nine = [
        "join_rate", "leave_rate", "interaction_rate", "messages_per_member", "membership_retention_rate_d7",
        "order_conversion_rate", "revenue_per_buyer", "community_roas", "cost_to_sales_ratio",
    ]  # fmt: skip
    keys = ["metric_time__month", "community__community_type"]
    together = semantic_layer.query(nine, keys)
    for metric in nine:
        alone = semantic_layer.query([metric], keys).by_key(keys, metric)
        beside = together.by_key(keys, metric)
        assert {k: v for k, v in beside.items() if v is not None} == {k: v for k, v in alone.items() if v is not None}
