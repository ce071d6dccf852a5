"""What is withheld across the tables of a published file, also against somebody who puts them together."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.privacy.disclosure import COMPLEMENTARY, FEW
from kpi.privacy.equations import Line, fixed
from kpi.publish.cells import Cell, Links, Split, adds_up, independent, last_day, meeting, place, withheld
from kpi.publish.draft import Published, PublishError
from kpi.publish.metrics import (
    ATTAINMENT,
    INTERNAL,
    Exported,
    _long_without,
    _without_days,
    read_exported,
    with_targets,
    write_metrics,
)
from kpi.publish.people import Input
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


def test_a_rare_day_takes_another_day_before_a_month_and_a_quarter_before_it() -> None:
    """A few month: of the two that hide it, the quarter and the other months, readers miss the quarter least."""
    months = {(DAY(2026, n, 1),): 20 for n in (4, 5, 6)} | {(APRIL,): 3}
    found = withheld({Split("month"): months, Split("quarter"): {(APRIL,): 43}}, Links(), k=5)
    assert found == {cell("month", APRIL): FEW, cell("quarter", APRIL): COMPLEMENTARY}


FORTNIGHT = [DAY(2026, 6, 1) + datetime.timedelta(days=n) for n in range(14)]  # from a Monday
JUNE = DAY(2026, 6, 1)
# most come on one day, as buyers do, some on two, some daily
COMES = [1] * 8 + [2, 2, 14]
PRESENT = st.lists(
    st.tuples(st.sampled_from(FORTNIGHT[:4]), st.sampled_from(COMES)).map(
        lambda first: {day for day in FORTNIGHT if 0 <= (day - first[0]).days < first[1]}
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=200)
@given(present=PRESENT, k=st.integers(2, 6))
def test_days_weeks_and_months_of_distinct_persons_tell_an_attacker_nothing_of_few(present: list, k: int) -> None:
    """The attacker solves what really adds up, and bounds what does not: a whole has no more persons than its parts."""
    mondays = {FORTNIGHT[0], FORTNIGHT[7]}
    weeks = {monday: {monday + datetime.timedelta(days=n) for n in range(7)} for monday in mondays}
    counts = {
        Split("day"): {(day,): sum(day in days for days in present) for day in FORTNIGHT},
        Split("week"): {(monday,): sum(bool(days & week) for days in present) for monday, week in weeks.items()},
        Split("month"): {(JUNE,): len(present)},
    }
    persons = {cell(split.grain, first): n for split, known in counts.items() for (first,), n in known.items() if n}
    found = withheld(counts, Links(), k=k, distinct=True)
    assert {at for at, reason in found.items() if reason == FEW} == {at for at, n in persons.items() if n < k}
    equations = [
        Line(tuple(at for day in sorted(days) if (at := cell("day", day)) in persons), (whole,))
        for days, whole in [*((week, cell("week", monday)) for monday, week in weeks.items()),
                            (set(FORTNIGHT), cell("month", JUNE))] if whole in persons
    ]  # fmt: skip
    exact = [line for line in equations if sum(map(persons.get, line.parts)) == persons[line.wholes[0]]]
    assert not fixed(set(found), exact)
    for line in equations:
        hidden = [at for at in line.parts if at in found]
        if line.wholes[0] not in found and len(hidden) == 1 and found[hidden[0]] == FEW:
            at_least = persons[line.wholes[0]] - sum(persons[at] for at in line.parts if at not in found)
            assert at_least < 1, "that somebody is in a withheld cell is all that may be known"


def test_persons_who_come_once_add_up_and_those_who_come_daily_do_not() -> None:
    persons = {"mon": 3, "tue": 20, "week": 23, "few": 2, "all": 21}
    assert adds_up(Line(("mon", "tue"), ("week",)), persons, 5)
    assert adds_up(Line(("mon", "tue"), ("all",)), persons, 5)  # two twice: the bound is still near
    assert not adds_up(Line(("mon", "tue"), ("all",)), persons, 2)
    monday = DAY(2026, 4, 6)
    days = {(monday + datetime.timedelta(days=n),): 10 + n for n in range(7)} | {(monday,): 2}
    daily = {Split("day"): days, Split("week"): {(monday,): 20}}
    assert withheld(daily, Links(), k=5, distinct=True) == {cell("day", monday): FEW}
    once = {Split("day"): days, Split("week"): {(monday,): sum(days.values())}}
    assert len(withheld(once, Links(), k=5, distinct=True)) == 2


def test_the_days_of_a_metric_stay_out_where_many_are_of_few() -> None:
    """Of eight days with anybody, three are of few in one of the two inputs; two are not too many."""
    many, few = Input("orders"), Input("buyers")
    days = [(APRIL + datetime.timedelta(days=n),) for n in range(9)]
    counts = {
        many: {Split("day"): dict(zip(days, [9, 9, 9, 9, 9, 9, 9, 1, 0], strict=True))},
        few: {Split("day"): dict(zip(days, [1, 1, 9, 9, 9, 9, 9, 9, 0], strict=True))},
    }
    cuts = {Split("day"): {"orders", "both"}, Split("month"): {"rare"}}
    made_of = {"orders": {many}, "both": {many, few}, "rare": {few}}
    assert _without_days(cuts, made_of, counts, 5) == {"both"}
    assert _without_days({Split("day"): {"buyers"}}, {"buyers": {few}}, counts, 5) == set()


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


def test_a_target_is_as_secret_as_the_figure_that_it_is_for() -> None:
    """It times how far it is reached is that figure."""
    of_one = {"metric_id": "new_memberships", "dimension": NAME, "target": 40.0}
    table = long(
        {**of_one, "period_start": APRIL, "dimension_value": "few"},
        {**of_one, "period_start": APRIL, "dimension_value": "many"},
        {"metric_id": "orders", "grain": "week", "period_start": DAY(2026, 4, 27), "target": 9.0},
        {"metric_id": "gmv", "period_start": APRIL, "target": None},
    )
    few = {("new_memberships", "few"), ("orders", DAY(2026, 4, 27)), ("gmv", APRIL)}
    why = with_targets(table, lambda metric, split, values: FEW if (metric, values[-1]) in few else None)
    month, of = Split("month"), "target__target_metric"
    by_metric, by_name = Split("month", (of,)), Split("month", (NAME,))
    saved = Split("month", (NAME, "target__period_kind", of))
    asked = {
        "few": (saved, (APRIL, "few", "month", "new_memberships")),
        "many": (saved, (APRIL, "many", "month", "new_memberships")),
        "weeks": (saved, (APRIL, None, "week", "orders")),
        "months": (saved, (APRIL, None, "month", "orders")),
        "later": (saved, (DAY(2026, 5, 1), "few", "month", "new_memberships")),
        "of all communities": (by_metric, (APRIL, "new_memberships")),
        "not secret": (by_metric, (APRIL, "gmv")),
        "of the community": (by_name, (APRIL, "few")),
        "of the other": (by_name, (APRIL, "many")),
        "of the quarter": (Split("quarter"), (APRIL,)),
    }
    hidden = {said for said, (split, values) in asked.items() if why(ATTAINMENT, split, values)}
    assert hidden == {"few", "weeks", "of all communities", "of the community", "of the quarter"}
    assert why("target_value", month, (APRIL,)) is None  # what was wished for is nobody's


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
