"""What stands beside a figure, over two years of figures that are made up here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from kpi.export.asks import ALL, Ask
from kpi.export.catalogue import Catalogue
from kpi.export.cells import make_cells
from kpi.export.compare import BAND_MINIMUM, compare

ROOT = Path(__file__).parents[2]
FIRST, AS_OF = dt.date(2023, 1, 1), dt.date(2024, 3, 20)
METRICS = ("leaves", "messages", "leave_rate", "membership_retention_rate_d30")
WAREHOUSE = f"""
attach ':memory:' as made;
create schema made.marts; create schema made.reference; create schema made.intermediate; create schema made.quality;
create table made.marts.dim_dates as
    select cast(unnest(generate_series(timestamp '{FIRST}', timestamp '{AS_OF}', interval 1 day)) as date) as date_day;
create table made.marts.dim_communities
    (community_id text, community_name text, community_type text, created_date date);
create table made.marts.fct_targets (target_id text, target_metric text, period_kind text, period_start_date date,
    community_id text, staff_key text);
create table made.reference.metric_exports (metric text, export_name text, effect text);
insert into made.reference.metric_exports values ('messages', 'wecom__messages', 'unknown'),
    ('messages', 'wecom__customers', 'changed'),
    ('membership_retention_rate_d30', 'manual__communities', 'unknown'),
    ('membership_retention_rate_d30', 'wecom__messages', 'changed'),
    ('membership_retention_rate_d30', 'wecom__group_members', 'changed');
create table made.intermediate.int_exports_covered (export_name text, first_day date, last_day date);
insert into made.intermediate.int_exports_covered values ('wecom__messages', date '2023-02-10', date '{AS_OF}'),
    ('wecom__customers', date '2023-05-05', date '{AS_OF}'), ('manual__communities', null, null),
    ('wecom__group_members', date '2023-01-10', date '2024-01-10');
create table made.quality.absent_exports (export_name text, metric text, effect text);
insert into made.quality.absent_exports values ('wecom__group_events', 'leave_rate', 'unknown'),
    ('wecom__customers', 'leaves', 'changed');
insert into made.marts.fct_targets values ('up', 'messages', 'month', date '2024-01-01', null, null),
    ('down', 'leaves', 'month', date '2024-02-01', null, null),
    ('twice', 'leaves', 'month', date '2024-01-01', null, null),
    ('again', 'leaves', 'month', date '2024-01-01', null, null),
    ('now', 'leaves', 'month', date '2024-03-01', null, null);
"""
TARGETS = (
    "select * from (values ('up', 100, 0.9), ('down', 30, 1.1), ('twice', 1, 1), ('again', 2, 1), ('now', 30, 0.5)) "
    "as asked (target, target_value, target_attainment_rate)"
)


class Targets:
    """Stands for the semantic layer, which is asked for the targets only."""

    def sql_of(self, metrics, group_by):
        """The targets above, as the metrics would answer."""
        assert (list(metrics), group_by) == (["target_value", "target_attainment_rate"], ["target"])
        return TARGETS


@pytest.fixture(scope="module")
def rows():
    """The figures of four metrics with what stands beside them, by metric, grain and first day."""
    with duckdb.connect() as db:
        db.execute(WAREHOUSE)
        make_cells(db)
        for grain in ("day", "week", "month"):
            # of each period of leaves the number of days since 1970, none in August 2023
            db.execute(
                f"insert into cells select distinct 'leaves', '{grain}', date_trunc('{grain}', date_day)::date, "
                f"'all', 'all', date_trunc('{grain}', date_day)::date - date '1970-01-01', null, null, false "
                "from made.marts.dim_dates where date_day not between date '2023-08-01' and date '2023-08-31'"
            )
        db.execute(
            "insert into cells values ('messages', 'month', date '2024-01-01', 'all', 'all', 90, null, null, false), "
            "('membership_retention_rate_d30', 'month', date '2023-03-01', 'all', 'all', 0.1, 1, 10, true), "
            "('membership_retention_rate_d30', 'month', date '2023-05-01', 'all', 'all', 1.1, 11, 10, true), "
            "('membership_retention_rate_d30', 'month', date '2023-04-01', 'all', 'all', null, 0, 0, true), "
            "('membership_retention_rate_d30', 'month', date '2024-03-01', 'all', 'all', null, 0, 0, true)"
        )
        asks = [Ask(("leaves",), "day"), Ask(("leaves",), "week"), Ask(METRICS, "month")]
        assert compare(db, Targets(), Catalogue.of(ROOT), asks, "made") == AS_OF
        found = db.execute("from metric_values where dimension = 'all'")
        columns = [column[0] for column in found.description]
        table = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    return {(row["metric_id"], row["grain"], row["period_start"]): row for row in table}


def days(*date):
    """Days since 1970, the value of leaves."""
    return (dt.date(*date) - dt.date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("grain", "start", "before", "year_before"),
    [
        ("month", (2024, 3, 1), (2024, 2, 1), (2023, 3, 1)),
        ("month", (2024, 1, 1), (2023, 12, 1), (2023, 1, 1)),
        ("month", (2023, 9, 1), None, None),  # August is missing, which is no zero
        ("month", (2023, 1, 1), None, None),
        ("day", (2024, 2, 29), (2024, 2, 28), None),
        ("day", (2024, 3, 1), (2024, 2, 29), (2023, 3, 1)),
        ("week", (2024, 3, 4), (2024, 2, 26), (2023, 3, 6)),
        ("week", (2024, 1, 1), (2023, 12, 25), (2023, 1, 2)),
    ],
)
def test_previous_period_and_same_period_of_the_last_year(rows, grain, start, before, year_before):
    row = rows["leaves", grain, dt.date(*start)]
    assert row["previous_value"] == (before and days(*before))
    assert row["previous_year_value"] == (year_before and days(*year_before))


def test_a_gap_is_a_row_without_a_value(rows):
    gap = rows["leaves", "month", dt.date(2023, 8, 1)]
    assert (gap["value"], gap["null_reason"], gap["status"]) == (None, "not_known", None)
    assert rows["leaves", "week", dt.date(2023, 8, 7)]["value"] is None


def test_partial_at_both_ends(rows):
    assert rows["leaves", "week", dt.date(2024, 3, 18)]["period_end"] == AS_OF
    partial = {start for (metric, _, start), row in rows.items() if metric == "messages" and row["is_partial"]}
    assert partial == {dt.date(2023, 1, 1), dt.date(2023, 2, 1), dt.date(2024, 3, 1)}


def test_a_needed_list_without_days_leaves_the_days_to_the_other_exports(rows):
    partial = {start for (metric, _, start), row in rows.items() if "retention" in metric and row["is_partial"]}
    assert partial == {dt.date(2023, 1, 1), dt.date(2024, 3, 1)}


def test_reasons(rows):
    reasons = {(metric, start): row["null_reason"] for (metric, _, start), row in rows.items()}
    assert reasons["messages", dt.date(2023, 1, 1)] == "not_covered"
    assert reasons["messages", dt.date(2023, 3, 1)] == "not_known"
    assert reasons["leave_rate", dt.date(2023, 3, 1)] == "absent_export: wecom__group_events"
    assert reasons["membership_retention_rate_d30", dt.date(2023, 4, 1)] == "zero_denominator"
    assert reasons["membership_retention_rate_d30", dt.date(2024, 3, 1)] == "not_matured"
    # changed by an absent export, yet known
    assert reasons["leaves", dt.date(2024, 1, 1)] is None


def test_interval_and_sample_size_of_a_proportion(rows):
    row = rows["membership_retention_rate_d30", "month", dt.date(2023, 3, 1)]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.0179, 0.4042), abs=6e-5)
    assert row["sample_size"] == 10
    beyond = rows["membership_retention_rate_d30", "month", dt.date(2023, 5, 1)]
    assert (beyond["value"], beyond["ci_low"], beyond["ci_high"]) == (1.1, None, None)


def test_provisional_until_it_stands_still(rows):
    found = {start: row["is_provisional"] for (m, g, start), row in rows.items() if (m, g) == ("leaves", "day")}
    assert [found[AS_OF - dt.timedelta(back)] for back in range(4)] == [True, True, False, False]
    cohort = {start: row["is_provisional"] for (m, _, start), row in rows.items() if m == METRICS[3]}
    assert cohort[dt.date(2024, 2, 1)] and not cohort[dt.date(2024, 1, 1)]


def test_targets_are_reached_from_the_right_side_and_two_count_as_none(rows):
    def at(metric, month):
        row = rows[metric, "month", month]
        return row["target"], row["attainment"], row["status"]

    assert at("messages", dt.date(2024, 1, 1)) == (100, 0.9, "off_target")
    assert at("leaves", dt.date(2024, 2, 1)) == (30, 1.1, "off_target")
    assert at("leaves", dt.date(2024, 1, 1))[:2] == (None, None)
    # under way, and beyond repair
    assert at("leaves", dt.date(2024, 3, 1)) == (30, 0.5, "off_target")


def test_the_band_is_of_the_periods_before_without_gaps(rows):
    row = rows["leaves", "month", dt.date(2024, 3, 1)]
    assert row["band_n"] == 11  # twelve months less August
    assert row["band_low"] < days(2023, 6, 1) < row["band_high"] < row["value"]
    early = rows["leaves", "month", dt.date(2023, 7, 1)]
    assert (early["band_n"], early["band_low"]) == (6, None) and early["band_n"] < BAND_MINIMUM
    assert rows["leaves", "month", dt.date(2024, 2, 1)]["dimension"] == ALL
