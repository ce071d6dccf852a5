"""Identities between the answers of the semantic layer: parts add up, days make months, a ratio is one of sums.

Metrics of one table that can be split alike are asked together, so that the engine reads each table twice.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads((ROOT / "target" / "manifest.json").read_text(encoding="utf-8"))
METRICS = {node["name"]: node for node in MANIFEST["metrics"].values()}
COMPILED = ROOT / "target" / "compiled" / "community_metrics" / "models" / "marts"
RATIOS = sorted(name for name, metric in METRICS.items() if metric["type"] == "ratio")
MONTH = "metric_time__month"
TYPE = "community__community_type"
COARSER = {"day": "month", "week": "month", "month": "quarter"}
# additive only within the kind that is asked for
KINDS = {"add within age": "buyer_age__age_days", "add within kind": "target__target_metric"}
# small cells of the first are withheld; the second is null where two rates would be added up
NOT_ADDED_UP = {"topic_mentions", "target_value"}
# a column of a mart that is a share or mean all the same, and why
REPORTED = {
    ("fct_targets", "rate_targets"): "a count of targets that are rates",
    ("fct_live_sessions", "average_watch_seconds"): "the platform reports the mean alone; no metric uses it",
}
RATIO_NAME = re.compile(r"(^|_)(rate|ratio|percentage|percent|pct|average|avg|mean)(_|$)|(^|_)share$")
# divisions in the SQL of marts that change a unit
UNIT_CHANGES = {"/ 60000": "milliseconds to minutes", "/ 60.0": "seconds to minutes"}


def additivity(metric):
    return METRICS[metric]["config"]["meta"]["additivity"]


def parameters(metric):
    return METRICS[metric]["type_params"]


def table_of(metric):
    """The semantic model of a simple metric, None for one made of others."""
    return (parameters(metric).get("metric_aggregation_params") or {}).get("semantic_model")


def non_additive(metric):
    return (parameters(metric).get("metric_aggregation_params") or {}).get("non_additive_dimension")


def exact(value):
    return Decimal(str(value or 0))


def batches_of(metrics, size):
    return [metrics[start : start + size] for start in range(0, len(metrics), size)]


@pytest.fixture(scope="module")
def additive_batches(semantic_layer):
    """Additive metrics that can be asked together, by table, finest grain, kind they are added within, and splits."""
    batches = defaultdict(list)
    for name in sorted(METRICS):
        if additivity(name).startswith("add") and name not in NOT_ADDED_UP:
            kind = KINDS.get(additivity(name))
            grain = semantic_layer.finest_grain(name)
            batches[table_of(name), grain, kind, tuple(semantic_layer.dimensions(name))].append(name)
    return batches


def test_parts_and_days_add_up_to_the_month(semantic_layer, additive_batches):
    """Split by all their dimensions and by the shortest period at once: whatever a join drops or repeats shows."""
    wrong, added = [], set()
    for (_, grain, kind, dimensions), metrics in additive_batches.items():
        within = [MONTH, kind] if kind else [MONTH]
        finest = [f"metric_time__{grain}"] if grain != "month" else []
        parts = semantic_layer.query(metrics, [*within, *finest, *(name for name in dimensions if name != kind)])
        totals = semantic_layer.query(metrics, within)
        named = [
            parts.columns.index(name)
            for name in dimensions
            # a target may be one for everything, and has no community then
            if name in (TYPE, "community__community_name", "channel__channel_name") and not kind
        ]
        assert all(row[at] is not None for row in parts.rows for at in named), metrics
        for metric in metrics:
            sums = defaultdict(Decimal)
            keys = [parts.columns.index(name) for name in within]
            for row in parts.rows:
                sums[tuple(row[at] for at in keys)] += exact(row[parts.columns.index(metric)])
            expected = {key: exact(value) for key, value in totals.by_key(within, metric).items()}
            if {k: v for k, v in sums.items() if v} != {k: v for k, v in expected.items() if v}:
                differing = [(key, sums[key], value) for key, value in expected.items() if sums[key] != value]
                wrong.append(f"{metric}: {differing[:3]}")
            added.add(metric)
    assert not wrong, "\n".join(wrong)
    assert added == {name for name in METRICS if additivity(name).startswith("add")} - NOT_ADDED_UP


def answers_of_inputs(semantic_layer, ratios, split):
    """Values of the ratios and of what they are made of, by group: a filtered input is asked with its filter."""
    inputs = {name: (parameters(name)["numerator"], parameters(name)["denominator"]) for name in ratios}
    plain = {side["name"] for pair in inputs.values() for side in pair if not side.get("filter")}
    together = semantic_layer.query([*ratios, *sorted(plain)], split)
    for name, pair in inputs.items():
        sides = []
        for side in pair:
            answer = together
            if side.get("filter"):
                where = [part["where_sql_template"] for part in side["filter"]["where_filters"]]
                answer = semantic_layer.query([side["name"]], split, where)
            sides.append(answer.by_key(split, side["name"]))
        for key, value in together.by_key(split, name).items():
            yield name, key, value, sides[0].get(key), sides[1].get(key)


@pytest.mark.parametrize("split", [(), (MONTH,), (MONTH, TYPE)], ids=["in all", "by month", "by community type"])
def test_a_ratio_is_its_numerator_by_its_denominator(semantic_layer, split):
    """Asked beside one another at each level: an average of ratios would differ at all but the lowest."""
    can = [name for name in RATIOS if TYPE not in split or TYPE in semantic_layer.dimensions(name)]
    wrong, divided = [], set()
    for ratios in batches_of(can, 8):
        for name, key, value, numerator, denominator in answers_of_inputs(semantic_layer, ratios, split):
            known = numerator is not None and denominator
            if known:
                divided.add(name)
                right = value is not None and float(value) == pytest.approx(
                    float(numerator) / float(denominator), rel=1e-12
                )
            else:
                right = value is None
            if not right:
                wrong.append(f"{name} {key}: {value} of {numerator} by {denominator}")
    assert not wrong, "\n".join(wrong)
    assert len(divided) > 0.8 * len(can)


def test_order_value_by_orders_is_buyer_value_by_buyers_is_net_sales(semantic_layer):
    asked = ["average_order_value", "orders", "revenue_per_buyer", "buyers", "net_sales"]
    compared = 0
    for split in ([], [MONTH], [MONTH, TYPE], [MONTH, "channel__channel_name"]):
        answer = semantic_layer.query(asked, split)
        for row in answer.rows:
            order_value, orders, buyer_value, buyers, net_sales = (row[answer.columns.index(name)] for name in asked)
            if orders and buyers:
                assert float(order_value) * orders == pytest.approx(float(net_sales), rel=1e-12)
                assert float(buyer_value) * buyers == pytest.approx(float(net_sales), rel=1e-12)
                compared += 1
            else:
                assert order_value is None or buyer_value is None
    assert compared > 50


def test_shares_of_the_hours_sum_to_one(semantic_layer):
    for metric, hour in [("messages", "message_hour__sent_hour"), ("questions", "question__sent_hour")]:
        total = semantic_layer.query([metric]).rows[0][-1]
        hours = semantic_layer.query([metric], [hour]).by_key([hour], metric)
        assert {key for (key,) in hours if key is not None} <= set(range(24))
        assert sum(value / total for (key,), value in hours.items() if key is not None) == pytest.approx(1, rel=1e-12)


def periods_of(days, metric, short, long):
    """Values of a metric by day, gathered by month or, of months, by quarter."""
    periods = defaultdict(dict)
    for (day,), value in days.by_key([short], metric).items():
        month = day.month if long == "month" else day.month - (day.month - 1) % 3
        periods[day.replace(month=month, day=1)][day] = value
    return periods


def test_a_stock_is_that_of_the_last_day_of_the_period(semantic_layer):
    """Of the first day where it is an opening stock. What has no days is taken by month and quarter."""
    batches = defaultdict(list)
    for name in sorted(METRICS):
        if non_additive(name):
            grain = semantic_layer.finest_grain(name)
            batches[table_of(name), non_additive(name)["window_choice"], grain].append(name)
    # made of stocks
    batches[None, "max", "day"] = ["members"]
    wrong, moved = [], 0
    for (_, choice, grain), metrics in batches.items():
        short, long = f"metric_time__{grain}", f"metric_time__{COARSER[grain]}"
        days, answers = semantic_layer.query(metrics, [short]), semantic_layer.query(metrics, [long])
        for metric in metrics:
            periods = periods_of(days, metric, short, COARSER[grain])
            for (period,), value in answers.by_key([long], metric).items():
                chosen = (min if choice == "min" else max)(periods[period])
                moved += len(set(periods[period].values())) > 1
                if value != periods[period][chosen]:
                    wrong.append(f"{metric} in {period}: {value}, on {chosen} {periods[period][chosen]}")
    assert not wrong, "\n".join(wrong)
    assert moved > 20  # not only stocks that stand still


def test_members_are_never_more_than_memberships(semantic_layer):
    for split in (["metric_time__day"], ["metric_time__day", TYPE]):
        answer = semantic_layer.query(["members", "memberships"], split)
        members, memberships = answer.columns.index("members"), answer.columns.index("memberships")
        assert answer.rows
        assert all(row[members] <= row[memberships] for row in answer.rows if row[members] is not None)


def test_churn_and_retention_add_up_to_one(semantic_layer):
    asked = ["churn_rate_d30", "activity_retention_rate_d30"]
    rows = [row for row in semantic_layer.query(asked, [MONTH, TYPE]).rows if row[-1] is not None]
    assert rows
    assert all(row[-1] + row[-2] == pytest.approx(1, rel=1e-12) for row in rows)


# --- nothing averages a ratio ----------------------------------------------------------------------


def test_no_mart_stores_a_ratio():
    """A stored ratio can only be averaged; stored are the two sums that it is made of."""
    stored = {
        (node["name"], column)
        for node in MANIFEST["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith("marts/")
        for column in node["columns"]
        if RATIO_NAME.search(column)
    }
    assert stored == set(REPORTED)


def test_marts_divide_only_to_change_a_unit():
    wrong = []
    for path in sorted(COMPILED.rglob("fct_*.sql")):
        if path.is_dir() or path.parent.suffix == ".yml":
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            division = re.sub(r"'[^']*'", "''", line.partition("--")[0])
            for allowed in UNIT_CHANGES:
                division = division.replace(allowed, "")
            if re.search(r"[^/*]/[^/*]|\bavg\(", division):
                wrong.append(f"{path.name}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


def test_no_metric_averages_or_adds_up_what_a_row_divides():
    used = {
        name: parameters(name)["metric_aggregation_params"]
        for name in METRICS
        if parameters(name).get("metric_aggregation_params")
    }
    assert {params["agg"] for params in used.values()} <= {"sum", "count", "count_distinct", "max", "median"}
    assert {name for name, params in used.items() if params["agg"] == "median"} == {"first_response_minutes"}
    summed = {name: str(params.get("expr") or parameters(name).get("expr") or name) for name, params in used.items()}
    assert not {
        name
        for name, expression in summed.items()
        if "/" in expression or (RATIO_NAME.search(expression) and expression != "rate_targets")
    }
