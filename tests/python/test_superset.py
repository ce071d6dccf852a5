"""The dashboard for Superset, without Superset: what it asks is there, and it never makes one figure of two."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import duckdb
import pytest
import yaml

from bi.superset.__main__ import arguments
from bi.superset.dashboard import CARDS, CELL, FORMATS, METRICS, Metric, bundle, charts, layout
from bi.superset.published import columns, definitions, differences, open_published, stored

ROOT = Path(__file__).parents[2]
ANY = {metric: Metric(metric, metric, "rate", "…") for metric in METRICS}


@pytest.fixture
def published(tmp_path: Path):
    """As much of a published file as the datasets read: one month that is over, one that is not."""
    db = duckdb.connect(str(tmp_path / "bi.duckdb"))
    db.execute("create schema metrics; create schema marts; create schema reference")
    db.execute("create table marts.dim_dates as select date '2026-04-01' as date_day, '2026-W14' as week_label, "
               "'2026-04' as month_label, '2026-Q2' as quarter_label, 3 as weekday_number, "
               "'3 周三' as weekday_label")  # fmt: skip
    db.execute(
        "create table reference.user_segments as select 'loyal' as user_segment, '忠实型' as label_zh, 5 as sort_order"
    )
    db.execute("create table metrics.message_hours as select date '2026-04-01' as metric_time__month, "
               "3 as message_hour__sent_weekday, 9 as message_hour__sent_hour, 7 as messages")  # fmt: skip
    db.execute("create table metrics.metric_values (metric_id text, label text, label_en text, stage text, unit text, "
               "grain text, period_start date, dimension text, dimension_value text, value double, withheld text, "
               "null_reason text, is_provisional boolean, is_partial boolean)")  # fmt: skip
    rows = [(m, "month", "2026-04-01", "all", "all", 0.5, False) for m in METRICS]
    rows += [(m, "month", "2026-05-01", "all", "all", 0.9, True) for m in METRICS]
    rows += [("segment_members", "month", "2026-04-01", "member_snapshot__user_segment", "loyal", 6, False)]
    db.executemany("insert into metrics.metric_values (metric_id, grain, period_start, dimension, dimension_value, "
                   "value, is_partial) values (?, ?, ?, ?, ?, ?, ?)", rows)  # fmt: skip
    yield db
    db.close()


def test_metrics_are_those_of_the_nine_in_the_readme() -> None:
    with (ROOT / "docs/reference/kpi-catalogue.csv").open(encoding="utf-8", newline="") as file:
        assert {line["metric"] for line in csv.DictReader(file)} >= set(METRICS)
    front = (ROOT / "README.md").read_text(encoding="utf-8").split("## The nine KPIs")[1].split("\n## ")[0]
    assert {metric for metric in METRICS if f"| `{metric}` |" in front} == set(METRICS)
    assert front.count("| `") == len(METRICS)


def test_every_chart_stands_once_and_shows_one_cell() -> None:
    shown = charts(ANY)
    placed = [p["meta"]["uuid"] for p in layout(shown).values() if isinstance(p, dict) and p["type"] == "CHART"]
    assert sorted(placed) == sorted(str(chart.uuid) for chart in shown)
    assert len({chart.title for chart in shown}) == len(shown)
    assert all(chart.query()["queries"][0]["metrics"] == ["cell"] for chart in shown)


def test_datasets_label_complete_periods_and_agree_with_the_stored_tables(published) -> None:
    assert {"period_label", "part", "recency", "value"} <= set(columns(published)["cells"])
    by_key = {chart.key: chart for chart in charts(ANY)}
    for key in (CARDS[0], "segment_members", "message_hours"):
        chart = by_key[key]
        where = " and ".join(f"{column} = '{value}'" for column, value in chart.where.items())
        sql = (ROOT / "bi/superset" / f"{chart.dataset}.sql").read_text(encoding="utf-8")
        rows = published.execute(
            f"select {', '.join(chart.by)}, {CELL} from ({sql}) where {where} group by all"
        ).fetchall()
        assert len(rows) == 1
        assert differences(stored(published, chart), {row[:-1]: row[-1] for row in rows}) == []
    assert differences({("a",): 1.0, ("b",): None}, {("a",): 2.0}) != []


def test_two_cells_are_refused_not_added_up(published) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="never add up"):
        published.execute(f"select {CELL} from metrics.metric_values").fetchall()


def test_bundle_is_the_same_twice_and_its_connection_is_closed_to_the_outside() -> None:
    kinds = {"cells": {"period_start": "DATE"}, "message_hours": {"period_start": "DATE"}}
    packed = [zipfile.ZipFile(io.BytesIO(bundle(Path("/srv/bi.duckdb"), ANY, kinds))) for _ in range(2)]
    first, second = ({name: file.read(name) for name in file.namelist()} for file in packed)
    assert first == second
    database = yaml.safe_load(first["community_metrics/databases/published.yaml"])
    assert database["sqlalchemy_uri"] == "duckdb:////srv/bi.duckdb"
    assert database["extra"]["engine_params"]["connect_args"] == {
        "read_only": True,
        "config": {"enable_external_access": "false", "lock_configuration": "true"},
    }


def test_errors_say_which_command_helps(tmp_path: Path, published) -> None:
    from bi.superset.dashboard import DashboardError

    with pytest.raises(DashboardError, match="kpi publish --to"):
        open_published(tmp_path / "none.duckdb")
    published.execute("create table metrics.metric_definitions as select '' as metric_id, '' as label, '' as label_en, "
                      "'' as unit, '' as definition")  # fmt: skip
    with pytest.raises(DashboardError, match="join_rate"):
        definitions(published)


def test_units_of_the_metrics_have_a_format_and_arguments_are_absolute() -> None:
    from kpi.export.catalogue import UNITS

    assert set(FORMATS) <= set(UNITS)
    asked = arguments(["up", "--file", "a.duckdb", "--port", "8090"])
    assert asked.file.is_absolute() and asked.home.is_absolute() and asked.port == 8090
