"""The checks at both boundaries pass on the committed seeds, ring for each kind of fault, and need no network."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import shutil
import socket
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

pytest.importorskip("great_expectations", reason="comes with `make setup`")

from kpi.app import app
from kpi.boundaries.baseline import OF_SEEDS, read_baseline
from kpi.boundaries.expectations import KINDS
from kpi.boundaries.run import (
    ONE_KIND,
    check_boundaries,
    check_exports,
    check_metrics,
    measure_baseline,
    metrics_of_suites,
)
from kpi.boundaries.suites import FOLDER, SEVERITIES, read_bands, read_suites, with_bands
from kpi.contracts import load_contracts

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds" / "exports"
BASELINE = read_baseline(OF_SEEDS)
MONTHS = [dt.date(2026, month, 1) for month in range(1, 7)]
EIGHT_HOURS = 8 * 60 * 60


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Nobody here may ask a host for anything."""

    def refuse(*_):
        raise AssertionError("a network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def spoiled(tmp_path):
    """Lands a spoiled copy of one export (or several) and returns the findings of the suites asked."""

    def land(export, change, suites, others=()):
        for name in (export, *others):
            shutil.copy(SEEDS / f"{name}.csv", tmp_path)
        path = tmp_path / f"{export}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        rows = change(rows)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        report = check_exports(tmp_path, BASELINE, only=suites)
        return {finding.check: finding for finding in report.findings}

    return land


def changed(column, function, where=lambda row: True):
    """A change of one column, in the rows where there is something to change."""

    def change(rows):
        for row in rows:
            if row[column] and where(row):
                row[column] = str(function(row[column]))
        return rows

    return change


def values(metric="leave_rate", series=(0.08, 0.09, 0.085, 0.08, 0.09, 0.085), **place):
    """Published values of a metric, one a month, all complete."""
    cell = {"community": None, "community_type": None, "part": None} | place
    return [(metric, month, *cell.values(), True, value) for month, value in zip(MONTHS, series, strict=False)]


def findings_of(asked):
    return {finding.check: finding for finding in check_metrics(asked, ROOT).findings}


# --- the committed seeds -------------------------------------------------------------------------


def test_committed_exports_pass_and_their_pages_open_offline(tmp_path):
    report = check_boundaries(SEEDS, baseline=BASELINE, pages=tmp_path)
    assert not report.findings
    assert not report.skipped
    assert len(report.asked) > 100
    pages = {page.name: page.read_text(encoding="utf-8") for page in tmp_path.glob("*.html")}
    assert len(pages) > 40
    assert "exports.youzan__orders.paid.html" in pages["index.html"]
    assert "People do not shift their day" in pages["index.html"]
    for name, page in pages.items():
        assert not re.search(r"<(script|link|img|iframe)\b[^>]*(src|href)\s*=\s*[\"']?(https?:)?//", page), name
        assert not re.search(r"@import|url\(", page), name


def test_committed_baseline_is_that_of_the_committed_exports():
    assert measure_baseline(SEEDS) == BASELINE


# --- faults of exports ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("export", "column", "factor", "check"),
    [
        ("youzan__orders", "订单实付金额", 100, "median amount of an order"),
        ("wechat_store__orders", "order_price", 0.01, "median amount of an order"),
        ("tencent_ads__daily", "cost", 100, "cost of 1000 views"),
        ("wecom__contact_statistics", "avg_reply_time", 60, "minutes until the first reply"),
    ],
)
def test_another_unit_is_an_error(spoiled, export, column, factor, check):
    found = spoiled(export, changed(column, lambda cell: float(cell.replace(",", "")) * factor), [export])
    assert found[check].severity == "error"
    assert "usual" in found[check].observed


def test_another_unit_in_one_file_is_an_error_that_names_it(spoiled):
    newest = "youzan/orders_202604_0520.xlsx"
    rows = changed(
        "订单实付金额", lambda cell: float(cell.replace(",", "")) * 100, lambda row: row["_source_file"] == newest
    )
    found = spoiled("youzan__orders", rows, ["youzan__orders"])
    assert found["amount of an order of each file"].severity == "error"
    assert newest in found["amount of an order of each file"].observed


@pytest.mark.parametrize(
    ("export", "column", "hours"),
    [
        ("wecom__messages", "msgtime", EIGHT_HOURS * 1000),
        ("wecom__group_events", "CreateTime", EIGHT_HOURS),
        ("wechat_store__orders", "pay_time", -EIGHT_HOURS),
    ],
)
def test_another_time_zone_is_an_error(spoiled, export, column, hours):
    shift = changed(column, lambda cell: int(cell) + hours, lambda row: row[column] != "0")
    found = spoiled(export, shift, [export])["hours of the day"]
    assert found.severity == "error"
    assert "distance" in found.observed
    assert "→" in found.observed


@pytest.mark.parametrize(
    ("export", "check", "severity"),
    [
        ("manual__costs", "no hand-kept sheet is landed twice", "error"),
        ("tencent_ads__daily", "no file of events is landed twice", "warn"),
    ],
)
def test_file_landed_twice_under_another_name_is_found(spoiled, export, check, severity):
    def double(rows):
        first = [row for row in rows if row["_source_file"] == rows[0]["_source_file"]]
        return rows + [row | {"_source_file": "copy_of_it.csv"} for row in first]

    found = spoiled(export, double, ["all_exports"])
    assert found[check].severity == severity
    assert "copy_of_it.csv" in found[check].observed


def test_export_that_stands_still_is_found(spoiled):
    def stale(rows):
        return [row for row in rows if row["_exported_at"] < "2026-02-10"]

    found = spoiled("wecom__messages", stale, ["all_exports"], others=["youzan__orders"])["no export stands still"]
    assert found.severity == "warn"
    assert "wecom__messages" in found.observed


def test_export_that_does_not_come_any_more_is_found(spoiled):
    found = spoiled("wecom__messages", lambda rows: rows, ["all_exports"])["exports of the baseline are there"]
    assert found.severity == "warn"


def test_messages_of_unknown_communities_are_an_error(spoiled):
    others = next(suite.needs for suite in read_suites("exports") if suite.name == "cross_exports")
    rename = changed("roomid", lambda _: "wrUnknown0000000", lambda row: row["seq"].endswith("7"))
    found = spoiled("wecom__messages", rename, ["cross_exports"], others)
    assert found["messages of known groups"].severity == "error"


def test_list_of_members_that_lost_half_of_them_is_an_error(spoiled):
    newest = "2026-05-20 02:00:00"
    half = [False, True] * 20_000

    def lose(rows):
        return [row for row in rows if row["_exported_at"] != newest or half.pop()]

    found = spoiled("wecom__group_members", lose, ["wecom__group_members"])
    assert found["size of each list against the one before"].severity == "error"


def test_vanished_kinds_empty_columns_and_thin_days_are_warned_of(spoiled):
    def thin(rows):
        kept = [row for row in rows if row["action"] == "send"]
        return [row | {"msgtype": "text", "content_hash": ""} for row in kept[::6]]

    found = spoiled("wecom__messages", thin, ["wecom__messages"])
    assert set(found) >= {"mix of message types", "filled cells: content_hash", "messages per day"}
    assert {found[check].severity for check in found} == {"warn"}


def test_drift_is_not_asked_without_a_baseline_and_the_rest_is():
    report = check_exports(SEEDS, {}, only=["youzan__orders"])
    assert not report.findings
    assert any(line.endswith("no baseline") for line in report.skipped)
    assert {check.name for _, check in report.asked} >= {"amount of an order of each file"}


def test_missing_column_is_an_error_without_a_traceback(spoiled):
    def drop(rows):
        return [{key: cell for key, cell in row.items() if key != "订单实付金额"} for row in rows]

    found = spoiled("youzan__orders", drop, ["youzan__orders"])["median amount of an order"]
    assert found.severity == "error"
    assert "订单实付金额" in found.observed


# --- faults of metrics ---------------------------------------------------------------------------


def test_value_that_cannot_be_is_an_error_that_names_month_and_community():
    asked = values() + values(series=(1.2,), community="北京粉丝1群")
    found = findings_of(asked)["bounds: leave_rate (everywhere, max)"]
    assert found.severity == "error"
    assert "2026-01-01" in found.observed
    assert "北京粉丝1群" in found.observed


def test_value_outside_of_all_published_ranges_is_warned_of_with_source_and_grade():
    found = findings_of(values(series=(0.2, 0.21, 0.2, 0.22, 0.2, 0.21)))
    assert set(found) >= {"published: leave_rate (total, max)"}
    assert found["published: leave_rate (total, max)"].severity == "warn"
    assert "grade D" in found["published: leave_rate (total, max)"].reason


def test_published_ranges_that_contradict_each_other_exclude_nothing():
    suites = with_bands(read_suites("metrics"), read_bands(ROOT))
    published = [check.column for suite in suites for check in suite.checks if check.name.startswith("published")]
    assert "interaction_rate" not in published


@pytest.mark.parametrize("last", [0.4, 0.001])
def test_jump_of_the_last_complete_month_is_warned_of(last):
    found = findings_of(values("voluntary_leave_rate", (0.05, 0.055, 0.05, 0.06, 0.05, last)))
    assert found["jump: voluntary_leave_rate"].severity == "warn"


def test_month_that_is_not_over_is_no_jump_but_must_be_possible():
    *complete, last = values(series=(0.05, 0.055, 0.05, 0.06, 0.05, 0.9))
    found = findings_of([*complete, (*last[:5], False, 0.9)])
    assert "jump: leave_rate" not in found
    found = findings_of([*complete, (*last[:5], False, 1.9)])
    assert "bounds: leave_rate (everywhere, max)" in found


def test_unknown_kpi_of_the_scorecard_is_warned_of():
    asked = values(series=(0.08, None, 0.08, 0.08, 0.08, 0.08))
    assert findings_of(asked)["known: leave_rate"].severity == "warn"


# --- suites and bands ----------------------------------------------------------------------------


def test_each_expectation_says_why_and_what_to_do():
    suites = [*read_suites("exports"), *with_bands(read_suites("metrics"), read_bands(ROOT))]
    wrong = [
        f"{suite.name}: {check.name}"
        for suite in suites
        for check in suite.checks
        if len(check.reason) < 40
        or len(check.action) < 10
        or check.severity not in SEVERITIES
        or check.expect not in KINDS
    ]
    assert not wrong, wrong


def test_names_of_checks_are_unique_within_their_table():
    for boundary in ("exports", "metrics"):
        for suite in with_bands(read_suites(boundary), read_bands(ROOT)):
            names = [check.name for check in suite.checks]
            assert len(names) == len(set(names)), suite.name


def test_every_metric_of_the_catalogue_is_expected_to_be_something():
    with (ROOT / "docs" / "reference" / "kpi-catalogue.csv").open(encoding="utf-8", newline="") as file:
        catalogue = {line["metric"] for line in csv.DictReader(file)} - {"predicted_clv"}
    suites = with_bands(read_suites("metrics"), read_bands(ROOT))
    assert {check.column for suite in suites for check in suite.checks} == catalogue
    assert set(metrics_of_suites()) == catalogue
    assert set(ONE_KIND) < catalogue


def test_every_band_is_of_a_metric_that_a_suite_asks_with_its_severity():
    asked = {(c.column, c.severity) for suite in read_suites("metrics") for c in suite.checks if c.expect == "band"}
    assert {(band.metric, band.severity) for band in read_bands(ROOT)} == asked


def test_every_suite_of_an_export_is_named_after_it():
    exports = {path.stem for path in SEEDS.glob("*.csv")}
    for path in (FOLDER / "exports").glob("*__*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["needs"] == [path.stem]
        assert path.stem in exports


# --- the command ---------------------------------------------------------------------------------


def run(*arguments):
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_summary_is_readable_and_an_error_makes_the_command_fail(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copy(SEEDS / "manual__costs.csv", tmp_path)
    written = run("exports", "--exports", tmp_path, "--write-baseline")
    assert written.exit_code == 0, written.output
    assert (tmp_path / "boundary_baseline.yml").is_file()
    fine = run("exports", "--exports", tmp_path)
    assert fine.exit_code == 0, fine.output
    assert "0 errors" in fine.output
    path = tmp_path / "manual__costs.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("¥", "¥9"), encoding="utf-8")
    wrong = run("exports", "--exports", tmp_path)
    assert wrong.exit_code == 1
    for word in ("severity", "observed", "reason", "what to do", "median amount of a line", "error", "1 errors"):
        assert word in wrong.output
    as_json = json.loads(run("exports", "--exports", tmp_path, "--json").stdout)
    assert as_json["errors"] == 1
    assert as_json["findings"][0]["check"] == "median amount of a line"


def test_warnings_alone_do_not_make_the_command_fail(tmp_path):
    shutil.copy(SEEDS / "manual__costs.csv", tmp_path)
    outcome = run("exports", "--exports", tmp_path, "--baseline", OF_SEEDS)
    assert outcome.exit_code == 0, outcome.output
    assert "1 warnings" in outcome.output  # the other exports of the baseline are not there


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (None, "", "no exports in it"),
        ("wecom__staff.csv", "", "the file is empty"),
        ("wecom__staff.csv", "userid\nst_1\n", "no column _source_file"),
    ],
)
def test_what_cannot_be_checked_fails_with_a_message(tmp_path, file, content, message):
    if file:
        (tmp_path / file).write_text(content, encoding="utf-8")
    outcome = run("exports", "--exports", tmp_path)
    assert outcome.exit_code == 2
    assert message in outcome.output
    assert "Traceback" not in outcome.output


def test_directory_that_is_not_there_fails_with_a_message(tmp_path):
    outcome = run("exports", "--exports", tmp_path / "nowhere")
    assert outcome.exit_code == 2
    assert "no such directory" in outcome.output


def test_metrics_of_a_project_that_was_not_built_fail_with_a_message(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "seeds" / "reference", tmp_path / "seeds" / "reference")
    monkeypatch.chdir(tmp_path)
    outcome = run("metrics")
    assert outcome.exit_code == 2
    assert "make build" in outcome.output


def test_exports_of_parquet_are_read_as_text(tmp_path):
    duckdb.sql(f"copy (from read_csv('{SEEDS}/manual__costs.csv')) to '{tmp_path}/manual__costs.parquet'")
    report = check_exports(tmp_path, BASELINE, only=["manual__costs"])
    assert not report.findings
    assert report.asked


# --- what the contracts say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("export", "change", "check", "severity", "seen"),
    [
        ("youzan__orders", changed("订单号", lambda _: ""), "no row without its key", "error", "订单号"),
        (
            "youzan__orders",
            changed("订单状态", lambda _: "已签收"),
            "codes of closed lists are known",
            "error",
            "已签收",
        ),
        ("wecom__customers", changed("type", lambda _: "3"), "codes of open lists are known", "warn", "example=3"),
        (
            "wecom__messages",
            changed("msgtime", lambda cell: cell[:10]),
            "numbers and times have the form of their unit",
            "error",
            "msgtime",
        ),
        (
            "tencent_ads__daily",
            changed("cost", lambda cell: f"{int(cell) / 100:.2f}"),
            "numbers and times have the form of their unit",
            "error",
            "cost",
        ),
        ("wecom__staff", changed("userid", lambda _: "zhangsan"), "persons are pseudonymous keys", "error", "zh…"),
        (
            "manual__courses",
            lambda rows: [{key: row[key] for key in row if key != "体验群"} for row in rows],
            "the columns of the contract are there",
            "error",
            "体验群",
        ),
    ],
)
def test_what_a_contract_says_is_expected(spoiled, export, change, check, severity, seen):
    found = spoiled(export, change, [export])[check]
    assert found.severity == severity
    assert seen in found.observed
    assert "zhangsan" not in found.observed


def test_every_export_is_expected_to_be_as_its_contract_says():
    suites = {suite.name: {check.name for check in suite.checks} for suite in read_suites("exports")}
    for export, contract in load_contracts().items():
        assert "the columns of the contract are there" in suites[export]
        assert ("persons are pseudonymous keys" in suites[export]) == bool(contract.personal_columns)


def test_blank_cells_of_parquet_are_read_as_those_of_csv(tmp_path):
    """Ingest lands "" where nothing stood; CSV gives null for it."""
    blank = f"select coalesce(columns(*), '') from read_csv('{SEEDS / 'wecom__messages.csv'}', all_varchar = true)"
    duckdb.sql(f"copy ({blank}) to '{tmp_path / 'wecom__messages.parquet'}'")
    report = check_exports(tmp_path, BASELINE, only=["wecom__messages"])
    assert report.asked
    assert not report.findings
