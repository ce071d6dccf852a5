"""``kpi query``, ``kpi metrics`` and ``kpi dimensions``: the semantic layer, asked from the command line."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from kpi.app import app
from kpi.definitions import Definitions, parts_of_chinese, read_definitions
from kpi.engines import DuckDb
from kpi.labels import load_labels
from kpi.query import cache, compiled, fast, run
from kpi.query.filters import translate
from kpi.query.names import find_metric
from kpi.query.question import QueryError, Question, Shape
from kpi.query.show import shown
from kpi.sql import places
from kpi.warehouse import WarehouseError

ROOT = Path(__file__).parents[2]
MONTH, TYPE = "metric_time__month", "community__community_type"


@pytest.fixture(autouse=True)
def _here(monkeypatch, semantic_layer, tmp_path_factory):
    """The project's folder, one cache for the file, and the compiler that has started already."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv(cache.SETTING, str(tmp_path_factory.getbasetemp() / "queries"))
    monkeypatch.setattr("kpi.semantic.SemanticLayer", lambda *_, **__: semantic_layer)


@pytest.fixture
def ask(capsys):
    """Ask with the arguments of ``kpi query``: status, what was printed, what was said beside it."""

    def asked(*arguments: str) -> tuple[int, str, str]:
        status = fast.answer_plain(list(arguments))
        said = capsys.readouterr()
        return status, said.out, said.err

    return asked


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_answers_are_those_of_the_semantic_layer(ask, semantic_layer):
    metrics = ["members", "leave_rate", "net_sales", "target_value"]
    status, out, _ = ask(*metrics, "--grain", "month", "--format", "json")
    expected = semantic_layer.query(metrics, [MONTH], order_by=[MONTH])
    assert status == 0
    answered = json.loads(out, parse_float=Decimal)
    assert [row[MONTH] for row in answered] == [str(row[0].date()) for row in expected.rows]
    for name in metrics:
        values = expected.by_key([MONTH], name).values()
        assert [row[name] for row in answered] == [None if v is None else Decimal(str(v)) for v in values]
    assert answered[0]["target_value"] is None, "what mixes kinds is not known, and not 0"


def test_money_keeps_its_cents(ask, semantic_layer):
    answer = semantic_layer.query(["net_sales", "join_rate", "members"], [MONTH])
    money, rate, members = (answer.by_key([MONTH], name).values() for name in ("net_sales", "join_rate", "members"))
    assert {type(v) for v in money} == {Decimal}
    assert {type(v) for v in rate} == {float} and {type(v) for v in members} == {int}
    row = rows_of(ask("net_sales", "--grain", "month", "--format", "csv")[1])[0]
    assert row["net_sales"].partition(".")[2].isdigit() and len(row["net_sales"].partition(".")[2]) == 2


def test_labels_short_names_and_filters_ask_the_same(ask):
    by_id = ask(
        "revenue_per_buyer", "--by", TYPE, "--where", "{{ Dimension('" + TYPE + "') }} = 'welfare'", "--format", "csv"
    )
    by_label = ask("客单价", "--by", "社群类型", "--where", "社群类型 = '福利群'", "--format", "csv")
    assert by_id == by_label
    assert [row[TYPE] for row in rows_of(by_id[1])] == ["welfare"]
    assert "福利群" in ask("客单价", "--by", "社群类型", "--where", "社群类型 = '福利群'")[1]


def test_days_are_inclusive_and_widened_ones_are_told(ask, semantic_layer):
    days = rows_of(
        ask("messages", "--grain", "day", "--from", "2026-04-10", "--to", "2026-04-12", "--format", "csv")[1]
    )
    assert [row["metric_time__day"] for row in days] == ["2026-04-10", "2026-04-11", "2026-04-12"]
    _, out, err = ask("messages", "--from", "2026-04-10", "--to", "2026-04-12", "--format", "csv")
    assert int(rows_of(out)[0]["messages"]) == sum(int(row["messages"]) for row in days)
    assert err == ""
    _, out, err = ask("messages", "--grain", "month", "--from", "2026-04-10", "--to", "2026-04-12", "--format", "csv")
    assert int(rows_of(out)[0]["messages"]) > sum(int(row["messages"]) for row in days)
    assert "2026-04-01 … 2026-04-30" in err


def test_order_and_limit(ask):
    rows = rows_of(ask("messages", "--grain", "month", "--order", "-messages", "--limit", "2", "--format", "csv")[1])
    assert len(rows) == 2 and int(rows[0]["messages"]) >= int(rows[1]["messages"])


def test_every_format_holds_the_same_figures(ask, tmp_path):
    question = ["members", "community_roas", "--by", "community_name", "--order", "community_name"]
    file = tmp_path / "answer.parquet"
    file.write_bytes(b"of before")
    assert ask(*question, "--format", "parquet", "--out", str(file))[0] == 0
    read = duckdb.execute("from read_parquet($1)", [str(file)]).fetchall()
    assert [row[1:] for row in read] == [
        (r["members"], r["community_roas"]) for r in json.loads(ask(*question, "--format", "json")[1])
    ]
    cells = [list(row.values())[1:] for row in rows_of(ask(*question, "--format", "csv")[1])]
    assert cells == [["" if v is None else str(v) for v in row[1:]] for row in read]
    table = ask(*question)[1]
    assert all(row[0] in table for row in read) and "社群总人数" in table
    assert "Members in stock" in ask(*question, "--lang", "en")[1]
    assert rows_of(ask(*question, "--format", "csv", "--lang", "zh")[1])[0].keys() >= {"社群", "社群总人数"}
    assert [f.name for f in tmp_path.iterdir()] == ["answer.parquet"], "no draft is left"


def test_sql_is_what_gives_the_answer(ask, semantic_layer):
    sql = ask("messages", "--grain", "month", "--sql")[1]
    assert semantic_layer.sql(sql).rows == semantic_layer.query(["messages"], [MONTH], order_by=[MONTH]).rows


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "share", "1.23%"),
        (Decimal("1234.5"), "yuan", "¥1,234.50"),
        (Decimal("-3"), "yuan", "-¥3.00"),
        (12345, "count", "12,345"),
        (0.4567, "ratio", "0.4567"),
        (0.412, "points", "41.2"),
        (None, "count", ""),
        (0, "count", "0"),
    ],
)
def test_figures_for_people(value, unit, text):
    assert shown(value, {"name": "x", "unit": unit, "values": {}}, "zh") == text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["memebrs"], "members  社群总人数"),
        (["留存律"], "membership_retention_rate_d7"),
        (["留存率"], "membership_retention_rate_d30"),
        (["topic_speakers"], "no such metric"),
        (["members", "--by", "sale__shop_system"], "community__lifecycle_stage"),
        (["members", "orders", "--by", "message_hour__sent_hour"], "community__community_type"),
        (["members", "--by", "comunity_type"], "Did you mean 是否指: community__community_type"),
        (["members", "--where", "lifecycle_stage = 'growth'"], "--by community__lifecycle_stage"),
        (["members", "--where", "community_type = 'x'; drop table y"], "a condition without"),
        (["members", "--where", "community_type = 'x"], "not closed"),
        (["members", "--where", "社群类型 ="], "missing at the end"),
        (["predicted_clv"], "still to come"),
        (["stickiness", "--grain", "hour"], "one of day, week"),
        (["dormant_members", "--grain", "day"], "--grain month"),
        (["members", "--from", "2026-02-30"], "a day such as"),
        (["members", "--from", "2026-03-01", "--to", "2026-02-01"], "is after"),
        (["members", "--grain", "month", "--order", "orders"], "no column of the answer"),
        (["members", "--format", "parquet"], "needs --out"),
        (["members", "--format", "xlsx"], "one of table, csv"),
        (["members", "--out", "/no/such/folder/x.csv"], "No such file"),
        (["messages", "--where", "community_type > 5 + 'x'"], "cannot answer"),
    ],
)  # fmt: skip
def test_errors_say_what_is_possible(ask, arguments, said):
    status, out, err = ask(*arguments)
    assert (status, out) == (2, "")
    assert said in err and "Traceback" not in err


def test_a_file_of_before_stays_when_the_question_fails(ask, tmp_path):
    file = tmp_path / "answer.csv"
    file.write_text("of before")
    assert ask("messages", "--where", "community_type > 5 + 'x'", "--format", "csv", "--out", str(file))[0] == 2
    assert file.read_text() == "of before"


def test_a_repeated_question_starts_neither_compiler_nor_command_line(ask):
    arguments = ["members", "--grain", "month", "--format", "csv"]
    first = ask(*arguments)
    program = (
        "import sys\n"
        "for name in ('metricflow', 'metricflow_semantics', 'typer', 'rich', 'yaml', 'dbt'): sys.modules[name] = None\n"
        f"sys.argv = {['kpi', 'query', *arguments]!r}\n"
        "from kpi.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env=os.environ, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == first


def test_plain_arguments_and_the_command_line_agree(ask):
    arguments = [
        "客单价",
        "--grain=month",
        "--by",
        "社群类型",
        "--limit",
        "3",
        "--order",
        "-客单价",
        "--lang",
        "en",
        "--format",
        "csv",
    ]
    typed = CliRunner().invoke(app, ["query", *arguments])
    assert (typed.exit_code, typed.stdout) == ask(*arguments)[:2]
    for odd in (["--help"], ["members", "--limit", "x"], ["members", "--form", "csv"], ["--grain"], ["members", "-x"]):
        assert fast.parse(odd) is None
    assert CliRunner().invoke(app, ["query", "members", "--limit", "0"]).exit_code == 2


def test_entries_that_are_broken_or_foreign_are_compiled_afresh(monkeypatch):
    question = Question(("members",), grain="month")
    entry = run.entry_of(question, ROOT)
    folder = cache.cache_folder()
    key = cache.key_of(question, cache.depends_on(ROOT))
    file = folder / f"{key}.json"
    whole = file.read_bytes()
    other = cache.key_of(Question(("orders",)), cache.depends_on(ROOT))
    (folder / f"{other}.json").write_bytes(whole)
    assert cache.read_entry(folder, other) is None, "the entry of another question"
    for spoiled in (b"", b"\xff\xfe", whole[:-20], whole.replace(b"SELECT", b"DELETE"), b"[" * 5000):
        file.write_bytes(spoiled)
        assert run.entry_of(question, ROOT) == entry
        assert file.read_bytes() == whole
    monkeypatch.setattr(compiled, "compile_question", lambda *_: pytest.fail("compiled again"))
    assert run.entry_of(question, ROOT) == entry
    assert cache.key_of(question, ["another manifest"]) != key


def test_the_cache_is_bounded_and_can_be_switched_off(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "ENTRIES", 16)
    for number in range(40):
        cache.write_entry(tmp_path, f"key{number}", {"sql": str(number)})
    assert len(list(tmp_path.iterdir())) <= 16
    assert cache.read_entry(tmp_path, "key39") == {"sql": "39"}
    for off in ("0", "off"):
        monkeypatch.setenv(cache.SETTING, off)
        assert cache.cache_folder() is None
    (tmp_path / "file").touch()
    cache.write_entry(tmp_path / "file", "key", {})  # no folder can be there: compiled the next time again
    assert cache.read_entry(tmp_path / "file", "key") is None


def test_absent_exports_are_named_beside_blanks(tmp_path):
    file = tmp_path / "mine.duckdb"  # any name: the SQL's database is what it is attached as
    with duckdb.connect(str(file)) as db:
        db.execute("create schema quality; create table quality.absent_exports as select * from (values "
                   "('wecom__messages', '消息', 'messages', '消息总量', 'unknown'), ('a', 'A', 'orders', '', 'changed')"
                   ") t(export_name, export_title, metric, metric_label, effect)")  # fmt: skip
    with DuckDb(file, "community_metrics").connected() as reader:
        where = places("community_metrics")
        assert run._absent(reader, ["messages"], where) == ["messages: 空白:缺少 blank, not loaded: 消息"]
        assert run._absent(reader, ["members"], where) == []
        for statement in ("create table t as select 1", "select * from read_csv('/etc/passwd')", "set threads = 1"):
            with pytest.raises(duckdb.Error):
                reader.connection.execute(statement)
        assert str(
            reader.connection.execute("select timezone('UTC', timestamptz '2026-01-01 00:00:00')").fetchone()[0]
        ) == ("2025-12-31 16:00:00")


WRITING = (  # DuckDB lets all of them pass, read-only and with external access shut
    "copy (select 1) to '{file}' (use_tmp_file false)",
    "copy (select 1) to '{file}.wal'",
    "use memory; detach w; attach '{file}' as other; drop table other.t",
    "select 1; copy (select 1) to '{file}.wal'",
    "explain analyze copy (select 1) to '{file}.wal'",
)


@pytest.mark.parametrize("writing", WRITING)
def test_nothing_but_a_query_reaches_the_warehouse(tmp_path, writing):
    file = tmp_path / "mine.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute("create table t as select 1 as n")
    engine, before = DuckDb(file, "w"), file.read_bytes()
    with engine.connected() as reader:
        assert reader.ask("with t as (from w.t) select n from t -- one; two").rows == [(1,)]
        with pytest.raises(WarehouseError, match="one query"):
            reader.ask(writing.format(file=file))
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["mine.duckdb"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_filter_brings_no_statement_of_its_own(ask, semantic_layer, tmp_path, form):
    out = tmp_path / "answer"
    where = f"{{{{ Dimension('{TYPE}') }}}} = 'vip'; copy (select 1) to '{out}'; --"
    status, _, said = ask("orders", "--where", where, "--format", form, "--out", str(out))
    assert (status, out.exists()) == (2, False)
    assert "one query and nothing else" in said
    with pytest.raises(WarehouseError, match="one query"):
        semantic_layer.query(["orders"], where=[where])


def test_a_locked_warehouse_names_its_holder(tmp_path):
    file = tmp_path / "community_metrics.duckdb"
    holding = f"import duckdb, sys; db = duckdb.connect({str(file)!r}); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        holder.stdout.readline()
        with pytest.raises(RuntimeError, match=str(holder.pid)), DuckDb(file, "w").connected():
            pass
    finally:
        holder.communicate("")
    with pytest.raises(RuntimeError, match="make build"), DuckDb(tmp_path / "none.duckdb", "w").connected():
        pass


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("{{ Dimension('a') }} = 1", "{{ Dimension('a') }} = 1"),
        (f"{TYPE} in ('福利群', 'vip')", f"{{{{ Dimension('{TYPE}') }}}} in ('welfare', 'vip')"),
        (f"{TYPE} = 'it''s'", f"{{{{ Dimension('{TYPE}') }}}} = 'it''s'"),
        (f"lower({TYPE}) like 'f%' and not x__y is null", f"lower({{{{ Dimension('{TYPE}') }}}}) like 'f%' "
         "and not {{ Dimension('x__y') }} is null"),
        ("x__y = '福利群'", "{{ Dimension('x__y') }} = '福利群'"),
        ("metric_time__month >= '2026-01-01'", "{{ TimeDimension('metric_time', 'month') }} >= '2026-01-01'"),
        ("community = 'wr1'", "{{ Entity('community') }} = 'wr1'"),
    ],
)  # fmt: skip
def test_filters_are_translated(text, condition):
    assert translate(text, lambda word: word, frozenset({"community"}), load_labels(ROOT)) == condition


@pytest.mark.parametrize(
    ("said", "same"),
    [
        (f"社群类型 like '%福利%' and {TYPE} is not null", "社群类型 = '福利群'"),
        ("社群类型 ilike 'WELFARE%'", "社群类型 = '福利群'"),
        ("社群类型 not like '%群'", f"{TYPE} not like '%' and {TYPE} is not null"),
        ("not (社群类型 like '福利_' or 社群类型 like 'vip')", "社群类型 not in ('福利群', 'vip')"),
        ("lower(社群类型) like 'welf%'", "社群类型 = '福利群'"),
    ],
)  # fmt: skip
def test_patterns_are_those_of_labels(ask, said, same):
    by_pattern, by_value = (ask("members", "--by", TYPE, "--where", text, "--format", "csv") for text in (said, same))
    assert by_pattern == by_value and by_pattern[0] == 0
    assert bool(rows_of(by_pattern[1])) == ("%群" not in said)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("社群类型 = '福利'", "是否指: welfare 福利群"),
        ("社群类型 like '%福利店%'", "是否指: welfare 福利群"),
        (f"{{{{ Dimension('{TYPE}') }}}} in ('vip', '福利群')", "是否指: welfare 福利群"),
        ("社群 = '北京粉丝一群'", "是否指: 北京粉丝1群"),
        ("社群 like '%nowhere%' or 社群类型 = 'vip'", "%nowhere%: 没有此值"),
        ("lower(社群类型) like '%福利%'", "not in a function"),
        ("退群率 > 0.1", "filters are for dimensions"),
        ("metric_time >= '2026-01-01'", "--from and --to"),
    ],
)
def test_values_that_are_nowhere_are_told_with_the_nearest(ask, where, said):
    status, out, err = ask("members", "--where", where)
    assert (status, out) == (2, "") and said in err


def test_values_that_can_be_are_no_mistakes(ask):
    for where in ("社群类型 like '%福利%' or 社群类型 = 'welfare'", "社群 = '北京粉丝1群'", f"{TYPE} = 'it' or 1 = 1"):
        status, _, err = ask("members", "--where", where)
        assert (status, err) == (0, "") if "'it'" not in where else (2, err)
    assert ask("messages", "--by", "message_hour__sent_hour", "--where", "message_hour__sent_hour in ('20')")[0] == 0
    status, out, err = ask("members", "--where", "社群 != '没有的群'", "--format", "csv")
    assert status == 0 and out == ask("members", "--where", "社群 is not null", "--format", "csv")[1]
    assert "没有的群" in err and "Nothing is excluded" in err


def test_figures_of_parts_of_periods_are_marked(ask):
    _, out, err = ask("leave_rate", "net_sales", "--grain", "month")
    marked = [line for line in out.splitlines() if line.startswith("│") and "*" in line]
    assert len(marked) == 1 and "2026-05" in marked[0] and marked[0].count("*") == 2 and err == ""
    assert "* 期间不完整 a part of the period: 数据 data 2025-11-01 … 2026-05-19" in out
    _, out, err = ask("leave_rate", "--grain", "year", "--format", "csv")
    assert "(2025-01-01, 2026-01-01)" in err and "*" not in out
    assert "2026-05-01" in ask("leave_rate", "--grain", "month", "--order", "-month", "--format", "json")[2]
    whole = ("leave_rate", "--grain", "month", "--to", "2026-04-30")
    assert "*" not in ask(*whole)[1] and ask(*whole, "--format", "csv")[2] == ""
    assert "*" not in ask("leave_rate")[1], "all days there are"
    assert "*" in ask("leave_rate", "--to", "2026-05-31")[1]
    earlier = ("staff_chats", "--from", "2025-12-01", "--to")  # its export ends a day before the others
    assert "*" not in ask(*earlier, "2026-04-30")[1] and "… 2026-05-18" in ask(*earlier, "2026-05-19")[1]


def test_parquet_tells_of_parts_of_periods_too(ask, tmp_path):
    status, _, err = ask("leave_rate", "--grain", "month", "--out", str(tmp_path / "answer.parquet"))
    assert status == 0 and "(2026-05-01)" in err


@pytest.mark.parametrize("days", [("--from", "2030-01-01"), ("--to", "2020-01-01", "--grain", "day")])
def test_days_outside_of_the_data_are_told(ask, days):
    status, out, err = ask("leave_rate", *days)
    assert (status, out) == (2, "") and "which cover 2025-11-01 … 2026-05-19" in err


def test_a_blank_says_that_it_is_unknown(ask):
    assert "not zero: kpi metrics target_value" in ask("target_value", "--grain", "month")[1]
    assert "not zero" not in ask("members", "--grain", "month")[1]


def test_codes_are_sorted_as_their_labels_are_listed(ask):
    dimension = "member_snapshot__user_segment"
    listed = list(load_labels(ROOT).dimensions[dimension].values)
    rows = rows_of(ask("segment_members", "--by", dimension, "--format", "csv")[1])
    found = [row[dimension] for row in rows]
    assert found == sorted(found, key=listed.index) != sorted(found)
    last = rows_of(
        ask("segment_members", "--by", dimension, "--order", f"-{dimension}", "--limit", "2", "--format", "csv")[1]
    )
    assert [row[dimension] for row in last] == found[:-3:-1]
    ages = [{"name": "age", "values": {"not_collected": (), "unknown": ()}}]
    order = compiled._sorted(["age"], ages, None)
    bands = duckdb.sql(f"from (values ('unknown'), (null), ('not_collected'), ('35-44'), ('18-24')) t(age) {order}")
    assert [age for (age,) in bands.fetchall()] == ["18-24", "35-44", "not_collected", "unknown", None]


def test_the_format_is_that_of_the_file(ask, tmp_path):
    for name, begin in (("a.csv", "metric_time__month"), ("a.JSON", "["), ("a.txt", "╭"), ("a", "╭")):
        assert ask("members", "--grain", "month", "--out", str(tmp_path / name))[0] == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begin)
    for arguments in (["a.xlsx"], ["b.csv", "--format", "table"]):
        status, _, err = ask("members", "--out", str(tmp_path / arguments[0]), *arguments[1:])
        assert status == 2 and arguments[0] in err and not list(tmp_path.glob("[!a]*")) and "draft" not in err
    assert "draft" not in ask("members", "--out", "/no/such/folder/x.csv")[2]


def test_labels_are_complete(semantic_layer):
    labels, definitions = load_labels(ROOT), Definitions(semantic_layer.manifest)
    with (ROOT / "docs" / "reference" / "kpi-catalogue.csv").open(encoding="utf-8", newline="") as file:
        catalogue = {row["metric"] for row in csv.DictReader(file)}
    assert labels.metrics.keys() == catalogue >= definitions.catalogue.keys()
    dimensions = {name for metric in definitions.catalogue for name in semantic_layer.dimensions(metric)}
    assert dimensions <= labels.dimensions.keys()
    english = [metric.en for metric in labels.metrics.values()]
    assert len(set(english)) == len(english)
    assert {metric.meta["stage"] for metric in definitions.metrics.values()} <= labels.stages.keys()
    assert {str(metric.meta["direction"]) for metric in definitions.metrics.values()} <= labels.directions.keys()


def test_codes_of_the_warehouse_have_labels(semantic_layer):
    shown_codes = {
        TYPE: "select distinct community_type from marts.dim_communities",
        "community__lifecycle_stage": "select lifecycle_stage from reference.lifecycle_stages",
        "member__role": "select distinct role from marts.dim_members",
        "cost_day__cost_kind": "select cost_kind from reference.cost_kinds",
    }
    for dimension, statement in shown_codes.items():
        codes = {row[0] for row in semantic_layer.sql(statement).rows} - {None}
        assert codes <= load_labels(ROOT).dimensions[dimension].values.keys() | {"unclassified"}, dimension


def test_every_metric_is_found_by_its_words():
    labels, definitions = load_labels(ROOT), read_definitions(ROOT)
    for name, metric in definitions.catalogue.items():
        for word in (name, metric.label, labels.metrics[name].en, unicodedata.normalize("NFKC", metric.label).upper()):
            assert find_metric(word, definitions, labels) == name
        assert metric.parts.keys() & {"Counts", "Numerator"}, f"{name}: its description has no parts"
        assert metric.definition and metric.caveats
    with pytest.raises(QueryError, match="leave_rate"):
        find_metric("退群旅", definitions, labels)


def test_every_definition_is_said_in_chinese_too():
    """Part by part as in English, with the same numbers, and read back from one text as it was written."""
    for name, metric in read_definitions(ROOT).catalogue.items():
        assert list(metric.parts_zh) == list(metric.parts), f"{name}: config.meta.definition_zh lacks a part"
        for part, text in metric.parts_zh.items():
            assert re.search("[一-鿿]", text) and text[-1] in "。？", f"{name}, {part}: {text}"
        numbers = [set(re.findall(r"\d+", text)) for text in (metric.description, metric.description_zh)]
        assert numbers[0] <= numbers[1], f"{name}: {numbers[0] - numbers[1]} is missing in Chinese"
        assert parts_of_chinese(metric.description_zh) == metric.parts_zh
        assert not re.search("case|when|coalesce|nullif", metric.formula_zh)


def test_metrics_are_found_and_explained():
    found = json.loads(CliRunner().invoke(app, ["metrics", "留存", "--json"]).stdout)
    names = {item["metric"] for item in found}
    assert {"membership_retention_rate_d7", "repurchase_rate_90d"} <= names and "orders" not in names
    by_synonym = json.loads(CliRunner().invoke(app, ["metrics", "dau", "--json"]).stdout)
    assert [item["metric"] for item in by_synonym] == [find_metric("dau", read_definitions(ROOT), load_labels(ROOT))]
    one = CliRunner().invoke(app, ["metrics", "leave_rate"], env={"COLUMNS": "200"}).stdout
    for part in ("退群率", "退群人次 ÷ 期间在群人次", "分母为 0 或未知时为空", TYPE, "001, 004"):
        assert part in one
    failed = CliRunner().invoke(app, ["metrics", "xyzzy"])
    assert failed.exit_code == 2 and "no such metric" in failed.stderr


@pytest.mark.parametrize("arguments", [["metrics", "社群ROI"], ["metrics", "retention", "--lang", "en"],
                                       ["dimensions", "community_roas"]])  # fmt: skip
def test_nothing_is_cut_off_in_a_narrow_window(arguments):
    shown_narrow, shown_wide = (
        CliRunner().invoke(app, arguments, env={"COLUMNS": columns}).stdout for columns in ("80", "400")
    )
    assert "…" not in shown_narrow
    for name in re.findall(r"│ (\w+__\w+|\w+_rate\w*) ", shown_wide):
        assert f"{name} " in shown_narrow


def test_dimensions_are_those_of_all_metrics_together(semantic_layer):
    found = json.loads(CliRunner().invoke(app, ["dimensions", "社群总人数", "leave_rate", "--json"]).stdout)
    assert found["metrics"] == ["members", "leave_rate"]
    together = set(semantic_layer.dimensions("members")) & set(semantic_layer.dimensions("leave_rate"))
    assert {item["name"] for item in found["dimensions"]} == together
    monthly = json.loads(CliRunner().invoke(app, ["dimensions", "dormant_members", "--json"]).stdout)
    assert monthly["grains"] == ["month", "quarter", "year"]


def test_narrowed_definitions_give_the_same_sql(semantic_layer):
    metrics = ["community_roas", "historic_ltv", "stickiness"]
    part = Definitions(semantic_layer.manifest).only(metrics)
    assert 3 < len(part["metrics"]) < 60
    narrowed, whole = (layer.sql_of(metrics, [MONTH]) for layer in (semantic_layer.defined_by(part), semantic_layer))
    assert re.sub(r"_\d{5}", "", narrowed) == re.sub(r"_\d{5}", "", whole), "more differs than the numbers of aliases"
    assert semantic_layer.narrowed(part) is semantic_layer


def test_parse_reads_shapes():
    question, shape = fast.parse(["a、b", "--by", "x", "--by=y", "--order", "-a", "--sql", "--out", "f"])
    assert question == Question(("a", "b"), ("x", "y"), order=("-a",))
    assert shape == Shape(None, None, True, "f")
