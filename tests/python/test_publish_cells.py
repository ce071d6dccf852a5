"""What is withheld across the tables of a published file, also against somebody who puts them together."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pytest

from kpi.privacy.disclosure import COMPLEMENTARY, FEW
from kpi.privacy.equations import Line, fixed
from kpi.publish.cells import Cell, Links, Split, independent, last_day, meeting, place, withheld
from kpi.publish.draft import Published, PublishError
from kpi.publish.metrics import INTERNAL, Exported, _long_without, read_exported, write_metrics
from kpi.publish.star import Table

NAME, TYPE = "community__community_name", "community__community_type"
DAY = datetime.date
APRIL = DAY(2026, 4, 1)


def cell(grain: str, first: datetime.date, **values: str) -> Cell:
    names = {"name": NAME, "type": TYPE}
    return Cell((grain, first), frozenset((names[key], value) for key, value in values.items()))


def test_the_days_of_a_week_do_not_give_a_withheld_day_away() -> None:
    monday = DAY(2026, 4, 6)
    days = {(monday + datetime.timedelta(days=n),): 10 + n for n in range(7)} | {(monday,): 2}
    found = withheld({Split("day"): days, Split("week"): {(monday,): 70}}, Links(), k=5)
    assert found == {cell("day", monday): FEW, cell("day", DAY(2026, 4, 7)): COMPLEMENTARY}


def test_the_last_day_of_a_month_is_the_month_of_a_stock() -> None:
    counts = {Split("day"): {(DAY(2026, 4, 30),): 3}, Split("month"): {(APRIL,): 3, (DAY(2026, 5, 1),): 9}}
    assert withheld(counts, Links(), k=5, stock="max") == {Cell(("", DAY(2026, 4, 30)), frozenset()): FEW}
    assert place(Split("month"), (DAY(2026, 5, 1),), "max", DAY(2026, 5, 19)).period == ("", DAY(2026, 5, 19))


def test_the_type_of_a_community_does_not_give_the_community_away() -> None:
    """Of three communities one is alone of its type: the type's figure is its own."""
    counts = {
        Split("month"): {(APRIL,): 90},
        Split("month", (NAME,)): {(APRIL, "a"): 3, (APRIL, "b"): 40, (APRIL, "c"): 7, (APRIL, "d"): 40},
        Split("month", (TYPE,)): {(APRIL, "x"): 43, (APRIL, "y"): 7, (APRIL, "z"): 40},
    }
    apart = withheld(counts, Links(), k=5)
    assert set(apart) == {cell("month", APRIL, name="a"), cell("month", APRIL, name="c")}
    links = Links()
    links.always[NAME, TYPE] = {("a", "x"), ("b", "x"), ("c", "y"), ("d", "z")}
    found = withheld(counts, links, k=5)
    assert found[cell("month", APRIL, name="a")] == FEW
    assert cell("month", APRIL, name="b") in found  # the other one of its type
    equations = [
        Line(tuple(cell("month", APRIL, name=n) for n in "abcd"), (cell("month", APRIL),)),
        Line(tuple(cell("month", APRIL, type=t) for t in "xyz"), (cell("month", APRIL),)),
        Line((cell("month", APRIL, name="a"), cell("month", APRIL, name="b")), (cell("month", APRIL, type="x"),)),
        Line((cell("month", APRIL, name="c"),), (cell("month", APRIL, type="y"),)),
        Line((cell("month", APRIL, name="d"),), (cell("month", APRIL, type="z"),)),
    ]
    assert not fixed(set(found), equations)


def test_two_splits_meet_where_their_values_keep_to_themselves() -> None:
    pairs = {("a", "x"), ("b", "x"), ("c", "y"), ("d", "gone")}
    assert meeting(pairs, "abc", "xy") == [(["a", "b"], ["x"]), (["c"], ["y"])]


def test_of_columns_that_tell_each_other_one_names_the_cell() -> None:
    rows = [(n, t, tier) for n, t in (("a", "x"), ("b", "x"), ("c", "y")) for tier in (1, 2)]
    assert independent(rows, ["name", "type", "tier"]) == ("name", "tier")
    assert independent([row[1::-1] for row in rows], ["type", "name"]) == ("name",)


@pytest.mark.parametrize(
    ("grain", "first", "last"),
    [("day", APRIL, APRIL), ("week", DAY(2026, 4, 6), DAY(2026, 4, 12)), ("month", DAY(2026, 2, 1), DAY(2026, 2, 28)),
     ("quarter", DAY(2026, 10, 1), DAY(2026, 12, 31)), ("year", DAY(2026, 1, 1), DAY(2026, 12, 31))],
)  # fmt: skip
def test_a_period_ends(grain: str, first: datetime.date, last: datetime.date) -> None:
    assert last_day(grain, first) == last


def long(*rows: dict[str, Any]) -> pa.Table:
    usual = {"metric_id": "orders", "grain": "month", "dimension": "all", "dimension_value": "all", "numerator": None,
             "band_low": 1.0, "band_high": 9.0, "band_n": 8, "status": "in_band", "previous_year_value": None,
             "secret": 1.0}  # fmt: skip
    return pa.Table.from_pylist([usual | row for row in rows])


def test_a_withheld_figure_is_nowhere_in_the_long_table() -> None:
    march, may = DAY(2026, 3, 1), DAY(2026, 5, 1)
    table = long(
        {"period_start": march, "value": 20.0, "previous_value": 3.0, "numerator": 1.0},  # february is in no row
        {"period_start": APRIL, "value": 4.0, "previous_value": 20.0, "numerator": 4.0},
        {"period_start": may, "value": 30.0, "previous_value": 4.0, "numerator": 1.0},
        {"period_start": DAY(2027, 4, 1), "value": 40.0, "previous_value": 1.0, "numerator": 1.0,
         "previous_year_value": 4.0},
        {"period_start": DAY(2027, 5, 1), "value": 41.0, "previous_value": 40.0, "numerator": 1.0,
         "previous_year_value": 30.0},
    )  # fmt: skip
    done = Published()
    found = _long_without(table, lambda metric, split, values: FEW if values[0] == APRIL else None, done)
    rows = {row["period_start"]: row for row in found.to_pylist()}
    figures = ("value", "numerator", "previous_value", "previous_year_value", "band_low", "band_n", "status")
    assert [rows[APRIL][name] for name in figures] == [None] * 7
    assert rows[APRIL]["withheld"] == FEW
    assert [rows[march][name] for name in figures] == [20.0, 1.0, None, None, 1.0, 8, "in_band"]
    assert [rows[may][name] for name in figures] == [30.0, 1.0, None, None, None, None, "in_band"]
    assert [rows[DAY(2027, 4, 1)][name] for name in figures[2:4]] == [None, None]
    assert [rows[DAY(2027, 5, 1)][name] for name in figures[2:4]] == [40.0, 30.0]
    assert done.without == {"metrics.metric_values": ["secret"]}
    assert done.withheld == {"metrics.metric_values": 1}


def test_metrics_that_are_missing_or_older_are_refused() -> None:
    import duckdb

    with duckdb.connect() as db:
        db.execute("attach ':memory:' as built; create schema built.metrics; create schema built.marts")
        with pytest.raises(PublishError, match=r"no exported metrics.*kpi export"):
            read_exported(db, None, {})
        db.execute("create table built.metrics.metric_values as select 1 as value")
        db.execute("create table built.metrics.export_log as "
                   "select date '2026-05-19' as as_of, 'abc' as fingerprint, 'b1' as build")  # fmt: skip
        assert read_exported(db, "abc", {}).as_of == DAY(2026, 5, 19)
        with pytest.raises(PublishError, match="Definitions have changed"):
            read_exported(db, "other", {})
        assert read_exported(db, "abc", {}, "b1").as_of == DAY(2026, 5, 19)
        with pytest.raises(PublishError, match=r"built again.*kpi export"):
            read_exported(db, "abc", {}, "b2")
        db.execute("create table built.marts.dim_dates as select date '2026-05-20' as date_day")
        with pytest.raises(PublishError, match="of 2026-05-19, the warehouse is of 2026-05-20"):
            read_exported(db, "abc", {})


def test_tables_are_written_with_keys_and_comments() -> None:
    import duckdb

    rows = {
        "metric_definitions": pa.table({"metric_id": ["orders"]}),
        "metric_values": pa.table({"metric_id": ["orders", "orders"], "value": pa.nulls(2), "withheld": ["x", None]}),
    }
    about = {name: Table("metrics", name, {"metric_id": "VARCHAR", "value": "DOUBLE"}, comment=f"指标 {INTERNAL} all")
             for name in rows}  # fmt: skip
    done = Published()
    with duckdb.connect() as db:
        db.execute("attach ':memory:' as draft")
        write_metrics(db, Exported(rows, about), rows, done)
        typed = db.execute("select typeof(value), withheld from draft.metrics.metric_values").fetchall()
        said = db.execute("select distinct comment from duckdb_tables() where schema_name = 'metrics'").fetchall()
    assert typed == [("DOUBLE", "x"), ("DOUBLE", None)]
    assert said == [("指标",)]
    assert done.tables == {"metrics.metric_definitions": 1, "metrics.metric_values": 2}
    assert "foreign key" in done.keys["metrics.metric_values"][0]
