"""Metrics asked together and added up: the layer keeps what the definitions promise. See test_identities.py."""

from __future__ import annotations

from collections import defaultdict

import pytest


def test_shares_of_classified_segments_add_up_to_one(semantic_layer):
    keys = ["metric_time__month", "member_snapshot__user_segment"]
    shares = defaultdict(float)
    for (month, segment), share in semantic_layer.query(["segment_share"], keys).by_key(keys, "segment_share").items():
        if segment in ("observing", "not_profiled"):
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


def test_active_members_of_a_day_week_and_month_contain_one_another(semantic_layer):
    windows = ["daily_active_members", "weekly_active_members", "monthly_active_members"]
    for keys in (["metric_time__day"], ["metric_time__day", "community"]):
        answer = semantic_layer.query(windows, keys)
        at = answer.columns.index
        compared = 0
        for row in answer.rows:
            known = [row[at(window)] for window in windows if row[at(window)] is not None]
            assert known == sorted(known), row
            compared += len(known) == len(windows) and known[0] < known[-1]
        assert compared > 100  # not only days on which all three are equal or unknown


def test_targets_of_a_rate_are_not_added_up(semantic_layer):
    keys = ["metric_time__quarter", "target__target_metric"]
    asked = ["target_value", "target_sum", "rate_targets"]
    answer = semantic_layer.query(asked, keys)
    value, total, rates = (answer.by_key(keys, metric) for metric in asked)
    several = [key for key in value if rates[key] > 1]
    assert {key[-1] for key in several} == {"leave_rate"}
    assert all(value[key] is None and total[key] is not None for key in several)
    assert all(value[key] == total[key] for key in value if rates[key] <= 1)
