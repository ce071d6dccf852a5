"""Every metric of the demo against the truth that the generator knows from its own simulation.

The truth is computed in Python, without SQL, from what the simulation put into the exports; the
metrics come from the built warehouse through the semantic layer. Counts and money must be equal,
ratios equal to 1e-9. What is a value in one and absent in the other is a failure too.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
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
# Helpers of which the generator knows no value and that no metric with a truth is made of; the reason, and what
# else proves them.
WITHOUT_TRUTH = {
    name: reason
    for reason, names in {
        "rises of counters, recounted in the unit tests of fct_article_days": (
            *("article_readers", "article_shares", "article_likes", "article_recommendations"),
            *("article_comments", "article_collections"),
        ),
        "parts of the campaign figures; an order belongs to one campaign, phases add up to it (data test)": (
            *("campaigns", "campaign_orders", "campaign_net_sales", "campaign_messages", "campaign_cost"),
            "campaign_return",
        ),
        "coupons are a side of the shops' discounts; unit tests of fct_coupons": (
            *("coupons_issued", "coupons_redeemed", "coupon_discount"),
        ),
        "ordered steps; a data test keeps each within the one before": (
            *("funnel_joined", "funnel_activated", "funnel_first_order", "funnel_repurchased", "funnel_referred"),
        ),
        "columns of the export as they are": (
            *("live_sessions", "live_exposures", "live_sales", "live_refunded_sales", "course_enrolments"),
            *("group_buys_opened", "group_buy_participations"),
        ),
        "who speaks and who answers; unit tests of fct_community_months, int_replies_counted and fct_questions": (
            *("questions", "answered_questions", "unanswered_questions", "replies", "peer_replies", "peer_reply_share"),
            *("top_1pct_messages", "top_10pct_messages", "top_1pct_message_share", "top_10pct_message_share"),
            "monthly_effective_messages",
        ),
        "parts of the segments by another axis; data tests make them add up": ("rfm_members", "members_moved"),
        "counted beside a metric that has a truth": (
            *("survey_responses", "nps_promoters", "nps_detractors", "order_show_posts", "ugc_authors"),
            *("newly_active_members", "costed_net_sales"),
        ),
        "term of the identity closing = opening + new - leaves - dissolved - transferred": ("transferred_memberships",),
    }.items()
    for name in names
}
METRICS = json.loads((Path(__file__).parents[2] / "target" / "manifest.json").read_text(encoding="utf-8"))["metrics"]


def parts(metric):
    """Metrics that a metric is made of."""
    made_of = metric["type_params"]
    inputs = [made_of["numerator"], made_of["denominator"], *(made_of["metrics"] or [])]
    inputs.append((made_of["cumulative_type_params"] or {}).get("metric"))
    return {part["name"] for part in inputs if part}


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


def test_every_metric_has_a_truth_or_a_reason():
    """A metric is compared with the truth, or a part of one that is, or in the list with its reason."""
    made_of = {metric["name"]: parts(metric) for metric in METRICS.values()}
    compared = {metric for metric, _, _ in CELLS}
    assert not compared & set(WITHOUT_TRUTH)
    proven, more = set(), set(compared)
    while more:
        proven |= more
        more = set().union(*(made_of[name] for name in more)) - proven
    assert set(made_of) == proven | set(WITHOUT_TRUTH)
    assert not proven & set(WITHOUT_TRUTH)
