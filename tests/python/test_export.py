"""The exported metrics are those of the semantic layer, and what stands beside them follows its rules."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from kpi.engines import DuckDb
from kpi.export import write
from kpi.export.asks import ALL, GRAINS, OWN, SHARED, Ask, filtered_inputs, long_asks, saved_asks
from kpi.export.catalogue import PROPORTION, UNITS, Catalogue, ExportError
from kpi.export.compare import AGE_BRACKETS, BAND_MINIMUM, BAND_PERIODS
from kpi.export.run import export
from kpi.export.statistics import wilson
from kpi.query.periods import find_partial
from kpi.sql import places
from kpi.warehouse import LockedWarehouseError, WarehouseError, warehouse_path

ROOT = Path(__file__).parents[2]
NAME = "community__community_name"
# one of each kind: simple, ratio, ratio with a filtered input, cohort, derived, with a target, money
SAMPLE = (
    *("leave_rate", "order_conversion_rate", "membership_retention_rate_d30", "members", "new_memberships"),
    *("revenue_per_buyer", "net_sales", "interaction_rate", "staff_chats"),
)
SAVED = ("acquisition_scorecard", "monetization_by_community")


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue.of(ROOT)


@pytest.fixture(scope="module")
def some_asks(catalogue, semantic_layer):
    """The sample at some grains, the numerators and denominators beside it as in the whole export."""
    inputs = {
        part.metric
        for name in SAMPLE
        for part in (catalogue.metrics[name].numerator, catalogue.metrics[name].denominator)
        if part and not part.where
    }
    by_name = tuple(name for name in SAMPLE if NAME in semantic_layer.dimensions(name))
    chosen = (("day", ALL, SAMPLE), ("week", ALL, SAMPLE), ("month", ALL, SAMPLE), ("week", NAME, by_name))
    return [Ask(names, grain, dimension, tuple(sorted(inputs))) for grain, dimension, names in chosen[1:]] + [
        Ask(("members", "net_sales"), "day")
    ]


@pytest.fixture(scope="module")
def exported(tmp_path_factory, catalogue, semantic_layer, some_asks):
    """A copy of the built warehouse with some metrics exported; opened read-only."""
    file = tmp_path_factory.mktemp("export") / "community_metrics.duckdb"
    shutil.copy(warehouse_path(), file)
    saved = [query for query in saved_asks(catalogue.manifest) if query.name in SAVED]
    export(file, catalogue, semantic_layer, asks=some_asks, saved=saved)
    return file


@pytest.fixture(scope="module")
def rows(exported):
    """``metric_values`` by metric, grain, dimension, value of the dimension and first day."""
    with duckdb.connect(str(exported), read_only=True) as db:
        found = db.execute("from metrics.metric_values")
        columns = [column[0] for column in found.description]
        table = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    keyed = {
        (row["metric_id"], row["grain"], row["dimension"], row["dimension_value"], row["period_start"]): row
        for row in table
    }
    assert len(keyed) == len(table)
    return keyed


def test_a_question_marks_the_same_parts_of_periods(rows, exported):
    for grain in ("week", "month"):
        values = {key: row for key, row in rows.items() if key[1:3] == (grain, ALL)}
        names = sorted({key[0] for key in values})
        entry = {"columns": [{"name": f"metric_time__{grain}"}], "grain": grain, "range": [None, None]}
        engine = DuckDb(exported, "w")
        with engine.connected() as reader:
            partial = find_partial(engine, reader, {**entry, "metrics": names, "places": places("w")}).days
        found = {key for key, row in values.items() if row["is_partial"]}
        assert {(key[0], key[4]) for key in found} == {
            key for key in partial if (key[0], grain, ALL, ALL, key[1]) in values
        }
        assert len(found) > len(names) > 5


def test_every_metric_has_a_unit_and_a_proportion_is_a_share_of_two_inputs(catalogue):
    for metric in catalogue.metrics.values():
        assert metric.unit in UNITS
        assert metric.meta.get("kind") in (None, PROPORTION)
        if metric.is_proportion:
            assert (metric.unit, metric.numerator is None) == ("share", False), metric.id


def test_a_metric_without_a_unit_is_named(catalogue):
    manifest = json.loads(json.dumps(catalogue.manifest))
    spoiled = next(metric for metric in manifest["metrics"] if metric["name"] == "leave_rate")
    del spoiled["config"]["meta"]["unit"]
    with pytest.raises(ExportError, match=r"leave_rate: config\.meta\.unit"):
        Catalogue(manifest)


def test_no_metric_fills_its_nulls_so_that_others_beside_it_change_nothing(catalogue):
    filled = [
        metric["name"]
        for metric in catalogue.manifest["metrics"]
        if metric["type_params"]["fill_nulls_with"] is not None or metric["type_params"]["join_to_timespine"]
    ]
    assert filled == []


def test_each_metric_is_asked_for_at_each_grain_and_split_that_it_has(catalogue, semantic_layer):
    asked = {(name, ask.grain, ask.dimension) for ask in long_asks(catalogue, semantic_layer) for name in ask.metrics}
    wanted = set()
    for name in catalogue.metrics:
        splits = semantic_layer.dimensions(name)
        for grain in GRAINS[GRAINS.index(semantic_layer.finest_grain(name)) :]:
            by = [d for d in SHARED if d in splits] if grain in ("week", "month") else []
            wanted |= {(name, grain, dimension) for dimension in (ALL, *by)}
        wanted |= {(name, "month", dimension) for dimension in OWN.get(name, ())}
    assert asked == wanted


@pytest.mark.parametrize("metric", SAMPLE)
def test_a_figure_is_what_the_semantic_layer_answers_to_the_metric_alone(metric, rows, semantic_layer):
    for grain, dimension in (("week", ALL), ("month", ALL), ("week", NAME)):
        keys = [f"metric_time__{grain}", *([] if dimension == ALL else [dimension])]
        if dimension != ALL and dimension not in semantic_layer.dimensions(metric):
            continue
        alone = semantic_layer.query([metric], keys).by_key(keys, metric)
        known = {
            (key[0].date(), key[1] if len(key) > 1 else ALL): float(value)
            for key, value in alone.items()
            if value is not None and key[0] is not None
        }
        here = {
            (start, value): row["value"]
            for (name, at, by, value, start), row in rows.items()
            if (name, at, by) == (metric, grain, dimension) and row["value"] is not None
        }
        nothing = {value for _, value in known} - {value for _, value in here}
        assert nothing <= {None} and all(known[cell] == 0 for cell in known if cell[1] in nothing)
        known = {cell: value for cell, value in known.items() if cell[1] not in nothing}
        assert here == pytest.approx(known) and here


def test_numerator_by_denominator_is_the_ratio(rows, catalogue):
    checked = set()
    for (metric, *_), row in rows.items():
        if catalogue.metrics[metric].numerator is None:
            assert row["numerator"] is row["denominator"] is row["sample_size"] is None
        elif row["value"] is not None:
            assert row["numerator"] / row["denominator"] == pytest.approx(row["value"])
            checked.add(metric)
    assert checked >= {"leave_rate", "order_conversion_rate", "revenue_per_buyer", "interaction_rate"}
    assert [part.metric for part in filtered_inputs(catalogue, ["order_conversion_rate"])] == ["orders"]


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        *((0, 5, 0, 0.4345), (0, 10, 0, 0.2775), (1, 10, 0.0179, 0.4042), (3, 12, 0.0889, 0.5323)),
        *((5, 20, 0.1119, 0.4687), (15, 200, 0.0460, 0.1200), (10, 10, 0.7225, 1)),
    ],
)
def test_wilson_as_published(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=6e-5)


def test_wilson_of_nothing_and_of_what_is_no_proportion():
    assert wilson(0, 0) is None
    with pytest.raises(ValueError, match="11 of 10"):
        wilson(11, 10)


def test_intervals_stand_beside_proportions_alone(rows, catalogue):
    for (metric, *_), row in rows.items():
        is_given = catalogue.metrics[metric].is_proportion and row["value"] is not None
        assert (row["ci_low"] is not None) == (row["ci_high"] is not None) == is_given
        if is_given:
            assert row["ci_low"] <= row["value"] <= row["ci_high"]


def test_a_period_that_has_not_ended_is_partial_and_counts_to_the_last_day(rows):
    as_of = next(iter(rows.values()))["as_of"]
    for (metric, grain, *_, start), row in rows.items():
        days = {"day": 1, "week": 7}.get(grain) or ((start + dt.timedelta(31)).replace(day=1) - start).days
        last = start + dt.timedelta(days - 1)
        assert row["period_end"] == min(last, as_of)
        if last > as_of:
            assert row["is_partial"], row
        if metric == "members":
            assert row["is_partial"] == (last > as_of or start < dt.date(2025, 11, 1)), row


def test_a_source_that_begins_within_a_month_makes_it_partial_and_before_it_nothing_is_covered(rows):
    def at(grain, *day):
        return rows["staff_chats", grain, ALL, ALL, dt.date(*day)]

    assert at("month", 2025, 11, 1)["is_partial"]
    assert not at("month", 2025, 12, 1)["is_partial"]
    early = at("week", 2025, 11, 3)
    assert (early["value"], early["null_reason"]) == (None, "not_covered")


def test_a_cohort_is_provisional_until_it_is_old_enough(rows):
    found = {
        start: row["is_provisional"]
        for (metric, grain, dimension, _, start), row in rows.items()
        if (metric, grain, dimension) == ("membership_retention_rate_d30", "month", ALL)
    }
    as_of = dt.date(2026, 5, 19)
    assert found[dt.date(2026, 3, 1)] is (dt.date(2026, 3, 31) + dt.timedelta(30) > as_of) is False
    assert found[dt.date(2026, 4, 1)] is (dt.date(2026, 4, 30) + dt.timedelta(30) > as_of) is True


def test_the_previous_period_is_the_one_before_and_the_first_has_none(rows):
    april = rows["members", "month", ALL, ALL, dt.date(2026, 4, 1)]
    assert april["previous_value"] == rows["members", "month", ALL, ALL, dt.date(2026, 3, 1)]["value"]
    assert rows["members", "month", ALL, ALL, dt.date(2025, 11, 1)]["previous_value"] is None
    assert april["previous_year_value"] is None  # the demo has no year


def test_a_missing_figure_is_null_with_a_reason_and_never_zero(rows):
    missing = [row for row in rows.values() if row["value"] is None]
    assert missing
    assert all(row["null_reason"] and row["status"] is row["ci_low"] is None for row in missing)
    assert all(row["null_reason"] is None for row in rows.values() if row["value"] is not None)
    reasons = {row["null_reason"] for row in missing}
    assert {"not_covered", "not_matured"} <= reasons


def test_targets_and_attainment_are_those_of_the_metrics(rows, exported):
    with duckdb.connect(str(exported), read_only=True) as db:
        kept = db.execute(
            "select target_metric, period_kind, period_start_date, target_value, actual_value from marts.fct_targets "
            "where community_id is null and staff_key is null"
        ).fetchall()
    found = 0
    for metric, grain, start, target, actual in kept:
        row = rows.get((metric, grain, ALL, ALL, start))
        if row is None:
            continue
        found += 1
        assert row["target"] == pytest.approx(float(target))
        assert row["attainment"] == (None if actual is None else pytest.approx(float(actual / target)))
        if not row["is_partial"] and row["value"] is not None:
            reached = row["value"] <= target if row["direction"] == "lower" else row["value"] >= target
            assert row["status"] == ("on_target" if reached else "off_target")
    assert found
    assert {row["grain"] for row in rows.values() if row["target"] is not None} >= {"month"}


def test_the_band_holds_the_middle_of_the_peers_of_the_periods_before(rows, exported):
    with duckdb.connect(str(exported), read_only=True) as db:
        made = dict(
            db.execute("select community_name, (community_type, created_date) from marts.dim_communities").fetchall()
        )

    def bracket(name, start):
        kind, day = made[name]
        return kind, None if day is None else sum((start - day).days >= edge for edge in AGE_BRACKETS)

    start = dt.date(2026, 4, 6)
    first = start - dt.timedelta(7 * BAND_PERIODS)
    banded = 0
    for (metric, grain, dimension, name, at), row in rows.items():
        if (metric, grain, dimension, at) != ("leave_rate", "week", NAME, start) or name is None:
            continue
        peers = [
            other["value"]
            for (m, g, d, n, day), other in rows.items()
            if (m, g, d) == (metric, grain, dimension) and first <= day < start and n is not None
            and bracket(n, day) == bracket(name, start) and other["value"] is not None and not other["is_partial"]
        ]  # fmt: skip
        assert row["band_n"] == len(peers)
        assert (row["band_low"] is not None) == (len(peers) >= BAND_MINIMUM)
        if row["band_low"] is not None:
            banded += 1
            assert sum(value < row["band_low"] for value in peers) <= len(peers) * 0.1 + 1
            assert row["band_low"] <= sorted(peers)[len(peers) // 2] <= row["band_high"]
    assert banded


def test_saved_queries_keep_money_exact_and_counts_whole(exported, semantic_layer):
    with duckdb.connect(str(exported), read_only=True) as db:
        types = dict(
            db.execute(
                "select column_name, data_type from duckdb_columns() where schema_name = 'metrics' "
                "and table_name = 'monetization_by_community'"
            ).fetchall()
        )
        found = db.execute("from metrics.acquisition_scorecard")
        names = [column[0] for column in found.description]
        here = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert types["metric_time__month"] == "DATE"
    assert types["orders"] == "BIGINT"
    assert types["net_sales"] == types["community_cost"] == "DECIMAL(18,2)"
    answer = semantic_layer.saved_query("acquisition_scorecard")
    there = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    months = {row["metric_time__month"].date(): row for row in there}
    assert [row["metric_time__month"] for row in here] == sorted(months)
    for row in here:
        for name in names[1:]:
            value, asked = row[name], months[row["metric_time__month"]][name]
            assert (value is None) == (asked is None), name
            assert value is None or float(value) == pytest.approx(float(asked)), name


def test_every_table_and_column_has_a_comment(exported):
    with duckdb.connect(str(exported), read_only=True) as db:
        silent = db.execute(
            "select table_name from duckdb_tables() where schema_name = 'metrics' and comment is null union all "
            "select table_name || '.' || column_name from duckdb_columns() where schema_name = 'metrics' "
            "and comment is null"
        ).fetchall()
        logged = dict(db.execute("select table_name, rows from metrics.export_log").fetchall())
        tables = db.execute("select table_name from duckdb_tables() where schema_name = 'metrics'").fetchall()
        counted = {t: db.execute(f"select count(*) from metrics.{t}").fetchone()[0] for (t,) in tables}
    assert silent == []
    assert logged == {table: rows for table, rows in counted.items() if table != "export_log"}
    assert set(SAVED) <= set(counted)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("point", ["metric_values", "commit"])
def test_an_export_that_dies_leaves_the_old_tables_whole(
    point, exported, catalogue, semantic_layer, some_asks, monkeypatch, tmp_path
):
    file = tmp_path / exported.name
    shutil.copy(exported, file)

    def die(at):
        if at == point:
            raise Killed

    monkeypatch.setattr(write, "reached", die)
    with pytest.raises(Killed):
        export(file, catalogue, semantic_layer, asks=some_asks[-1:], saved=[])
    with duckdb.connect(str(file), read_only=True) as db, duckdb.connect(str(exported), read_only=True) as old:
        count = "select count(*), sum(value) from metrics.metric_values"
        assert db.execute(count).fetchall() == old.execute(count).fetchall()
        assert db.execute("from metrics.export_log order by all").fetchall() == (
            old.execute("from metrics.export_log order by all").fetchall()
        )


def test_definitions_stand_in_both_languages(exported):
    with duckdb.connect(str(exported), read_only=True) as db:
        columns = ("definition", "formula", "clock", "caveats")
        for column in (*columns, *(f"{name}_zh" for name in columns)):
            missing = f"select metric_id from metrics.metric_definitions where coalesce({column}, '') = ''"
            assert db.execute(missing).fetchall() == [], column
        formula, caveats, definition = db.execute(
            "select formula_zh, caveats_zh, definition_zh from metrics.metric_definitions "
            "where metric_id = 'leave_rate'"
        ).fetchone()
    assert formula == "退群人次 ÷ 期间在群人次" and definition.endswith(f"注意：{caveats}")


def test_tables_of_queries_that_are_gone_go(exported, catalogue, semantic_layer, some_asks, tmp_path):
    file = tmp_path / exported.name
    shutil.copy(exported, file)
    with duckdb.connect(str(file)) as db:
        db.execute("create or replace table quality.build_state as from (values ('alarm', 'a test'), ('build', 'b7'))"
                   " t (state, name)")  # fmt: skip
    done = export(file, catalogue, semantic_layer, asks=some_asks[-1:], saved=[])
    assert done.alarms == ["a test"]
    with duckdb.connect(str(file), read_only=True) as db:
        assert db.execute("select distinct build from metrics.export_log").fetchall() == [("b7",)]
        tables = {
            t for (t,) in db.execute("select table_name from duckdb_tables() where schema_name = 'metrics'").fetchall()
        }
    assert tables == {"metric_values", "metric_definitions", "dimension_definitions", "export_log"}


def test_no_warehouse_and_an_empty_one_say_what_to_do(catalogue, semantic_layer, tmp_path):
    with pytest.raises(WarehouseError, match="make build"):
        export(tmp_path / "none.duckdb", catalogue, semantic_layer, asks=[], saved=[])
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(WarehouseError, match="no marts"):
        export(tmp_path / "empty.duckdb", catalogue, semantic_layer, asks=[], saved=[])
    with duckdb.connect(str(tmp_path / "empty.duckdb")) as db:
        db.execute("create schema quality; create table quality.build_state as select 'unfinished' state, 'm' as name")
    with pytest.raises(WarehouseError, match="did not finish"):
        export(tmp_path / "empty.duckdb", catalogue, semantic_layer, asks=[], saved=[])


def test_definitions_of_another_build_are_named(exported, catalogue, semantic_layer, tmp_path):
    file = tmp_path / exported.name
    shutil.copy(exported, file)
    with duckdb.connect(str(file)) as db:
        db.execute("drop view marts.fct_sales")
    with pytest.raises(ExportError, match="dbt build"):
        export(file, catalogue, semantic_layer, asks=[Ask(("net_sales",), "month")], saved=[])


def test_a_warehouse_that_was_built_meanwhile_is_refused(exported, catalogue, semantic_layer, tmp_path):
    file = tmp_path / exported.name
    shutil.copy(exported, file)
    with pytest.raises(ExportError, match="built anew"):
        export(file, catalogue, semantic_layer, asks=[Ask(("net_sales",), "month")], saved=[],
               tell=lambda step, *_: os.utime(file, ns=(1, 1)) if step == "compare" else None)  # fmt: skip


def test_a_second_export_is_refused_before_it_asks(exported, catalogue, semantic_layer, tmp_path):
    file = tmp_path / exported.name
    shutil.copy(exported, file)
    refused = []

    def start_another(step, *_):
        if step == "compare":
            with pytest.raises(ExportError, match="another kpi export"):
                export(file, catalogue, semantic_layer, asks=[], saved=[])
            refused.append(step)

    ask = [Ask(("net_sales",), "month")]
    export(file, catalogue, semantic_layer, asks=ask, saved=[], tell=start_another)
    assert refused == ["compare"]
    export(file, catalogue, semantic_layer, asks=ask, saved=[])  # the next one is free to begin


def test_a_warehouse_that_is_being_written_is_named(exported, catalogue, semantic_layer, monkeypatch):
    from kpi.export import run

    def held(path, **_):
        raise LockedWarehouseError(f"{path}: held by PID 1")

    monkeypatch.setattr(run, "connect", held)
    with pytest.raises(LockedWarehouseError, match="PID 1"):
        export(exported, catalogue, semantic_layer, asks=[], saved=[])
