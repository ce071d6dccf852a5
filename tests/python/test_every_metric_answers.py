"""Each metric answers at each grain that it has, and by three dimensions; what means nothing is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).parents[2] / "docs" / "reference" / "kpi-catalogue.csv"
GRAINS = ("day", "week", "month")
# asked first, because everybody asks for them; a metric without them is asked by what it has
FAVOURITES = (
    "community__community_type",
    "community__lifecycle_stage",
    "channel__channel_name",
    "community__community_name",
    "member__role",
)
# dated by month, so that a day or a week of them is refused
MONTHLY = {
    *("returning_members", "resurrected_members", "dormant_members", "growth_quick_ratio"),
    *("target_value", "target_attainment_rate"),
}
# the reason why it is not there
NOT_YET = {"predicted_clv": "needs a model of future purchases"}
# no dimension but time: the reason
TIME_ONLY: dict[str, str] = {}


def catalogue_ids():
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return [line["metric"] for line in csv.DictReader(file)]


def test_the_whole_catalogue_is_there(semantic_layer):
    assert set(catalogue_ids()) - set(semantic_layer.metric_names()) == set(NOT_YET)


@pytest.mark.parametrize("metric", [m for m in catalogue_ids() if m not in NOT_YET])
def test_metric_answers_at_three_grains_and_by_three_dimensions(semantic_layer, metric):
    for grain in GRAINS:
        if metric in MONTHLY and grain != "month":
            with pytest.raises(Exception, match=r"(?i)granularity|match any of the available|metric_time"):
                semantic_layer.query([metric], [f"metric_time__{grain}"])
            continue
        rows = semantic_layer.query([metric], [f"metric_time__{grain}"]).rows
        assert any(row[1] is not None for row in rows), f"{metric} by {grain}: no value at all"
    possible = semantic_layer.dimensions(metric)
    asked = sorted(possible, key=lambda name: (FAVOURITES.index(name) if name in FAVOURITES else 99, name))[:3]
    assert asked or metric in TIME_ONLY, f"{metric} has no dimension"
    for dimension in asked:
        assert semantic_layer.query([metric], ["metric_time__month", dimension]).rows, f"{metric} by {dimension}"
