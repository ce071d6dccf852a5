"""The command `kpi ingest`: exit codes, both languages, JSON for programs, no values of persons."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console
from test_ingest_run import ORDERS, PlainCsv, put
from typer.testing import CliRunner

from kpi.app import app
from kpi.ingest import doubts
from kpi.ingest import run as runs
from kpi.ingest.reasons import in_chinese
from kpi.ingest.report import FileReport, Rejection, Report
from kpi.ingest.rows import Account, Doubt, Nearest
from kpi.ingest.show import WORDS, Language, Show
from kpi.ingest.versions import ExportChange, MoneyChange


@pytest.fixture(autouse=True)
def somewhere_else(monkeypatch, tmp_path_factory):
    """Neither the user's secret nor their identity map."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setattr(runs.decoding, "decode", PlainCsv)
    monkeypatch.setenv("COMMUNITY_METRICS_SECRET", "a secret of the tests, long enough")
    monkeypatch.setenv("COMMUNITY_METRICS_IDENTITIES", str(home / "identities.sqlite"))
    return home


def kpi(*arguments: object):
    return CliRunner().invoke(app, ["ingest", *map(str, arguments)])


def test_all_landed_is_success(tmp_path, somewhere_else):
    put(tmp_path / "in", "orders_20260603.csv", ("E1", "2026-05-01", "100", ""))
    done = kpi(tmp_path / "in", "--into", tmp_path / "landed", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["rows"] == {ORDERS: 1}
    assert told["files_by_status"] == {"landed": 1, "duplicate": 0, "unrecognised": 0, "refused": 0}
    assert (somewhere_else / "identities.sqlite").exists()
    done = kpi(tmp_path / "in", "--into", tmp_path / "landed")
    assert done.exit_code == 0
    assert "重复 / duplicate 1" in done.stdout


def test_something_to_look_at_is_exit_code_1_and_the_rest_is_landed(tmp_path):
    put(tmp_path / "in", "orders_20260603.csv", ("E1", "2026-05-01", "100", ""), ("", "2026-05-01", "1", ""))
    (tmp_path / "in" / "photo.csv").write_text("IMG\n")
    done = kpi(tmp_path / "in", "--into", tmp_path / "landed", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["rows"][ORDERS] == 1


def test_an_unknown_file_alone_may_be_fine(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.csv").write_text("IMG\n")
    assert kpi(tmp_path / "in", "--into", tmp_path / "landed").exit_code == 1
    assert kpi(tmp_path / "in", "--into", tmp_path / "landed", "--ignore-unknown").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [("in",), ("in", "--into", "in"), ("nowhere", "--into", "l"), ("in", "--into", "l", "--lang", "fr")]
)
def test_a_command_that_cannot_be_carried_out_is_exit_code_2(tmp_path, monkeypatch, arguments):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    done = kpi(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_check_needs_no_secret_and_writes_nothing(tmp_path, monkeypatch, somewhere_else):
    monkeypatch.setenv("COMMUNITY_METRICS_SECRET_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("COMMUNITY_METRICS_SECRET")
    put(tmp_path / "in", "orders_20260603.csv", ("E1", "2026-05-01", "100", ""))
    done = kpi(tmp_path / "in", "--check", "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "nothing was written" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"in"}
    assert not list(somewhere_else.iterdir())


def everything() -> Report:
    """A report that has all there is to say."""
    account = Account(read=5, header=1, quarantined=2, landed=2, rows=Counter({ORDERS: 2, "ingest__rejected_rows": 2}))
    landed = FileReport(
        "orders.csv",
        "landed",
        exported_at="2026-06-03 08:00:00",
        layouts=[f"{ORDERS}: 订单报表"],
        account=account,
        rejected=[Rejection(ORDERS, 4, "订单号", "", "blank key")],
        doubts=[Doubt(ORDERS, "订单实付金额", "满100减10", "no number", 3, 7)],
        masked=Counter({(ORDERS, "买家手机号"): 1}),
        unknown_columns=Counter({(ORDERS, "新列"): 4}),
        control_differences=["rows give 12.00, the file states 13.00"],
    )
    unknown = FileReport(
        "x.csv", "unrecognised", reason="no layout fits", nearest=(Nearest(ORDERS, "订单报表", ("订单号",), ()),)
    )
    change = ExportChange(ORDERS, 1, 2, 3, 4, [MoneyChange("2026-05", "订单已退款金额", 30.5, 1)])
    refused = FileReport("bomb.zip", "refused", reason="unpacks to [too] much", kind="bomb")
    return Report("in", [landed, unknown, refused], landing="landed", changes=[change])


@pytest.mark.parametrize(("language", "here", "not_here"), [("zh", 0, 1), ("en", 1, 0), ("both", 0, None)])
def test_report_for_people_says_everything_in_their_language(language, here, not_here):
    console = Console(width=400, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    Show(console, Language(language)).report(everything(), ignore_unknown=False)
    text = console.export_text()
    for word in ("file", "read", "quarantined", "landed", "problems", "changes", "unknown_column", "wrong", "refused"):
        assert WORDS[word][here] in text
        if not_here is not None and len(WORDS[word][not_here]) > 8:
            assert WORDS[word][not_here] not in text
    for cell in ("满100减10", "新列", "12.00", "订单报表", "+30.50 (1)", "2026-05", "unpacks to [too] much", "1"):
        assert cell in text


def test_every_phrase_stands_in_both_languages_with_the_same_values():
    for word, (zh, en) in WORDS.items():
        assert zh and en, word
        assert sorted(part.split("}")[0] for part in zh.split("{")[1:]) == sorted(
            part.split("}")[0] for part in en.split("{")[1:]
        ), word


def test_every_reason_of_a_doubt_is_said_in_chinese():
    said = Path(doubts.__file__).read_text(encoding="utf-8")
    found = set(re.findall(r'"((?:no|not|shortened|a phone)\b[^"{}]+)"', said))
    assert len(found) > 8
    assert not {reason for reason in found if in_chinese(reason) == reason}
    assert in_chinese("28 cells, the header has 27") == "本行 28 格，表头 27 格"
    assert in_chinese("总金额: the file says 9, its rows add up to 3") == "总金额：文件合计 9，明细合计 3"
