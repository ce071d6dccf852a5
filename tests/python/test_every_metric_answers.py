"""Each metric answers at each grain that it has and by its dimensions; nonsense is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads((ROOT / "target" / "manifest.json").read_text(encoding="utf-8"))
METRICS = {node["name"]: node["config"]["meta"] for node in MANIFEST["metrics"].values()}
with (ROOT / "docs" / "reference" / "kpi-catalogue.csv").open(encoding="utf-8", newline="") as catalogue:
    CATALOGUE = {line["metric"] for line in csv.DictReader(catalogue)}
GRAINS = ("day", "week", "month")
# asked first, because everybody asks for them; a metric without them is asked by what it has
FAVOURITES = (
    "community__community_type",
    "community__lifecycle_stage",
    "channel__channel_name",
    "community__community_name",
    "member__role",
)
NOT_YET = {"predicted_clv"}  # needs a model of future purchases
# null unless one kind is asked for at a time
ONE_KIND = {
    "historic_ltv": "buyer_age__age_days",
    "target_value": "target__target_metric",
    "target_attainment_rate": "target__target_metric",
}
# can be split by time alone, and why
TIME_ONLY = {
    "referral_rate": "referrers have no community, and members no attribute that referrers have",
}
# would be wrong, so it must not be answered
REFUSED = [
    ("influenced_sales", "community__community_type"),
    ("refund_amount", "channel__channel_name"),
    ("segment_share", "channel__channel_name"),
    ("successful_referrals", "community__community_type"),
    ("returning_members", "community__community_type"),
    ("returning_members", "metric_time__day"),
    ("monthly_active_members", "member__role"),
    ("members", "member__gender"),
    ("interactions_per_active_member", "member__role"),
    ("repurchase_rate_90d", "community__community_name"),
    ("target_value", "metric_time__week"),
    ("new_contacts", "community__community_type"),
    ("campaign_participants", "channel__channel_name"),
]


def test_the_whole_catalogue_is_there():
    assert set(METRICS) >= CATALOGUE - NOT_YET
    assert not NOT_YET & set(METRICS)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_metric_answers(semantic_layer, metric):
    """At three grains and by three dimensions if it is of the catalogue, by month and one dimension if a helper."""
    everything = metric in CATALOGUE
    kind = [ONE_KIND[metric]] if metric in ONE_KIND else []
    finest = GRAINS.index(semantic_layer.finest_grain(metric))
    for grain in GRAINS[finest:] if everything else GRAINS[2:]:
        rows = semantic_layer.query([metric], [f"metric_time__{grain}", *kind]).rows
        assert any(row[-1] is not None for row in rows), f"{metric} by {grain}: no value at all"
    possible = semantic_layer.dimensions(metric)
    asked = sorted(possible, key=lambda name: (FAVOURITES.index(name) if name in FAVOURITES else 99, name))
    assert asked or metric in TIME_ONLY or not everything, f"{metric} has no dimension"
    month = "metric_time__month"
    for dimension in asked[: 3 if everything else 1]:
        answer = semantic_layer.query([metric], [month, dimension, *(k for k in kind if k != dimension)])
        assert any(row[-1] is not None for row in answer.rows), f"{metric} by {dimension}"


@pytest.mark.parametrize(("metric", "split"), REFUSED, ids=lambda part: part)
def test_what_would_be_wrong_is_refused(semantic_layer, metric, split):
    with pytest.raises(Exception, match="does not match any of the available group-by-items"):
        semantic_layer.query([metric], [split])


@pytest.mark.parametrize("metric", sorted(ONE_KIND))
def test_mixed_kinds_are_null(semantic_layer, metric):
    several = {row[0] for row in semantic_layer.query(["target_sum"], ["metric_time__month"]).rows}
    rows = semantic_layer.query([metric], ["metric_time__month"]).rows
    assert several
    assert sum(row[-1] is not None for row in rows) <= 1  # a month with one kind only


@pytest.mark.parametrize(
    "name",
    sorted(query["name"] for query in MANIFEST["saved_queries"].values()),
)
def test_saved_query_answers(semantic_layer, name):
    answer = semantic_layer.saved_query(name)
    assert answer.rows
    empty = [column for i, column in enumerate(answer.columns) if all(row[i] is None for row in answer.rows)]
    assert not empty, f"{name}: nothing in {empty}"
