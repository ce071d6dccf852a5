"""The published file: who and what is left out, and that it is replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from kpi.app import app
from kpi.export import remembered
from kpi.publish import draft, people, run
from kpi.publish.asked import AskedBefore
from kpi.publish.draft import PublishError
from kpi.publish.keys import with_keys
from kpi.publish.people import Input, counts_persons, inputs, persons_of
from kpi.publish.run import publish
from kpi.publish.star import entity_keys
from kpi.semantic import Answer
from kpi.warehouse import WarehouseError, alarms_said

ROOT = Path(__file__).resolve().parents[2]
KEY = "wm_" + "a" * 32


def model(table: str, **entities: str) -> dict[str, Any]:
    return {
        "name": table.removeprefix("fct_"),
        "node_relation": {"alias": table},
        "entities": [{"name": name, "expr": column} for name, column in entities.items()],
    }


def metric(
    name: str, model: str, agg: str = "sum", expr: str | None = None, type: str = "simple", **params: Any
) -> dict[str, Any]:
    how = {"semantic_model": model, "agg": agg}
    filled = {"numerator": None, "denominator": None, "metrics": [], "expr": expr, "metric_aggregation_params": how}
    return {"name": name, "type": type, "filter": None, "type_params": filled | params}


MANIFEST = {
    "saved_queries": [],
    "semantic_models": [
        model("fct_sales", sale="sale_id", member="person_id", community="community_id"),
        model("fct_empty", member="person_id"),
        model("fct_costs", community="community_id"),
    ],
    "metrics": [
        metric("orders", "sales", expr="valid_orders"),
        metric("buyers", "sales", "count_distinct", "person_id"),
        metric("cost", "costs"),
        metric(
            "roas",
            "",
            type="ratio",
            denominator={"name": "cost"},
            numerator={
                "name": "sales_value",
                "filter": {"where_filters": [{"where_sql_template": "{{ Dimension('sale__is_attributed') }}"}]},
            },
        ),
        metric("sales_value", "sales", expr="paid - refunded"),
        metric("profit", "", type="derived", metrics=[{"name": "roas"}, {"name": "orders"}]),
    ],
}


def node(alias: str, *primary_key: str, schema: str = "marts") -> dict[str, Any]:
    return {"resource_type": "model", "schema": schema, "alias": alias, "primary_key": list(primary_key)}


NODES = {
    n["alias"]: n
    for n in (
        node("dim_communities", "community_id"),
        node("dim_content", "content_id"),
        node("dim_members", "person_id"),
        node("int_contents", "content_id", schema="intermediate"),
        node("int_owned", "community_id", schema="intermediate"),
    )
}
METRICS = {m["name"]: m for m in MANIFEST["metrics"]}
MODELS = {m["name"]: m for m in MANIFEST["semantic_models"]}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "community_metrics.duckdb"
    with duckdb.connect(str(path)) as db:
        for schema in ("marts", "reference", "quality", "intermediate", "staging"):
            db.execute(f"create schema {schema}")
        db.execute(f"create table intermediate.int_members as select '{KEY}' as person_id")
        db.execute(f"create table marts.fct_sales as select 1 as sale_id, '{KEY}' as person_id, 'c' as community_id")
        db.execute("create table marts.fct_empty (person_id varchar, n integer)")
        db.execute("create table marts.fct_costs as select 'c' as community_id, 1.50::decimal(18, 2) as cost")
        db.execute(f"create table marts.fct_listed as select ['{KEY}', null] as holders")
        db.execute(f"create table marts.dim_communities as select 'c' as community_id, 's{KEY}' as note, "
                   f"'st_{'b' * 32}' as owner_key from range(2)")  # fmt: skip
        db.execute(f"create table marts.dim_members as select '{KEY}' as person_id")
        db.execute("create table marts.dim_content as select 'CT1' as content_id, 'my skin' as title")
        db.execute(f"create table intermediate.int_contents as select 'CT1' as content_id, '{KEY}' as author_key")
        db.execute(f"create table intermediate.int_owned as select 'c' as community_id, 'st_{'b' * 32}' as owner_key")
        db.execute("create table marts.dim_unknown as select 'u' as unknown_id")
        db.execute("create table marts.fct_questions as select 'msg-1' as question_id, 1 as questions")
        db.execute("create table quality.payments as select 'E2026' as order_id")
        db.execute("create table reference.acknowledged as select 'Anna' as problem_value, 3 as source_row")
        db.execute("create view marts.fct_cost_days as select * from marts.fct_costs")
        db.execute("create table reference.types as select 'vip' as type")
        db.execute(f"""create table quality.rows as select 'remarks: ["{KEY}"]' as cell""")
    return path


def tables(file: Path) -> dict[str, list[str]]:
    with duckdb.connect(str(file), read_only=True) as db:
        found = db.execute(
            "select schema_name || '.' || table_name, list(column_name order by column_index) "
            "from duckdb_columns() where not internal group by all"
        ).fetchall()
    return dict(found)


def test_tables_about_persons_events_and_files_are_left_out(warehouse: Path, tmp_path: Path) -> None:
    file = tmp_path / "out" / "bi.duckdb"
    done = publish(warehouse, file, MANIFEST, None, nodes=NODES)
    assert tables(file) == {
        "marts.dim_communities": ["community_id", "note"],
        "reference.types": ["type"],
    }
    assert done.left_out == {
        "marts.dim_content": "persons",  # each row is the post of a customer
        "marts.dim_members": "persons",
        "marts.dim_unknown": "persons",  # nothing says what its rows are
        "marts.fct_cost_days": "facts",
        "marts.fct_costs": "facts",
        "marts.fct_empty": "persons",
        "marts.fct_listed": "persons",
        "marts.fct_questions": "facts",
        "marts.fct_sales": "persons",
        "quality.payments": "facts",
        "quality.rows": "persons",
        "reference.acknowledged": "cells",
    }
    assert done.without == {"marts.dim_communities": ["owner_key"]}
    assert done.tables["marts.dim_communities"] == 2
    with duckdb.connect(str(file), read_only=True) as db:
        assert db.execute("select tags from duckdb_databases() where path is not null").fetchone()[0] == {
            "storage_version": "v1.2.0+"
        }
    assert sorted(path.name for path in file.parent.iterdir() if not path.name.endswith(".lock")) == ["bi.duckdb"]


def test_without_dbts_manifest_no_dimension_is_published(warehouse: Path, tmp_path: Path) -> None:
    publish(warehouse, tmp_path / "bi.duckdb", MANIFEST, None)
    assert tables(tmp_path / "bi.duckdb") == {"reference.types": ["type"]}


def test_the_key_of_a_table_is_what_its_data_test_says() -> None:
    nodes = json.loads((ROOT / "target/manifest.json").read_text(encoding="utf-8"))["nodes"]
    tables = (node for node in with_keys(nodes).values() if node["resource_type"] in ("model", "seed"))
    keys = {node["alias"]: node.get("primary_key") for node in tables}
    assert keys["dim_communities"] == ["community_id"]
    assert keys["user_segments"] == ["user_segment"], "not the order, which is unique too"
    assert not [name for name, key in keys.items() if name.startswith(("dim_", "fct_")) and not key]


def test_facts_come_when_asked_for_and_without_persons(warehouse: Path, tmp_path: Path) -> None:
    file = tmp_path / "bi.duckdb"
    done = publish(warehouse, file, MANIFEST, None, nodes=NODES, with_facts=True)
    assert set(tables(file)) == {
        *("marts.dim_communities", "marts.fct_cost_days", "marts.fct_costs", "marts.fct_questions"),
        *("quality.payments", "reference.types"),
    }
    assert set(done.left_out.values()) == {"persons", "cells"}
    with duckdb.connect(str(file), read_only=True) as db:
        assert db.execute("select typeof(cost) from marts.fct_costs").fetchone() == ("DECIMAL(18,2)",)


def test_with_persons_they_are_there(warehouse: Path, tmp_path: Path) -> None:
    done = publish(warehouse, tmp_path / "bi.duckdb", MANIFEST, None, with_persons=True)
    found = tables(tmp_path / "bi.duckdb")
    assert (done.left_out, done.without) == ({}, {})
    assert found["marts.fct_sales"] == ["sale_id", "person_id", "community_id"]
    assert found["marts.dim_communities"] == ["community_id", "note", "owner_key"]
    assert "intermediate.int_members" not in found


def test_a_count_that_nobody_can_split_is_of_so_many_persons_at_most() -> None:
    class Layer:
        def defined_by(self, manifest: dict[str, Any]) -> Layer:
            return self

        def query(self, metrics: list[str], keys: list[str]) -> Answer:
            if metrics == [people.POPULATION]:
                raise RuntimeError("no such path")
            figures = {"a": (3, 2.5), "b": (0, None), "c": (90, 7.0)}  # contacts, cost
            return Answer(("department", *metrics), [(name, *row) for name, row in figures.items()])

    manifest = MANIFEST | {"metrics": [*MANIFEST["metrics"], metric("contacts", "costs")]}
    wanted = [Input("cost"), Input("contacts")]
    counts = people.People(Layer(), manifest, wanted).behind(["department"], wanted)
    assert counts == {Input("contacts"): {("a",): 3, ("c",): 90}, Input("cost"): {}}


def test_a_count_of_a_cell_without_members_is_of_so_many_persons_at_most() -> None:
    class Layer:
        def defined_by(self, manifest: dict[str, Any]) -> Layer:
            return self

        def query(self, metrics: list[str], group_by: list[str]) -> Answer:
            figures = {"period_members": [30, 30, 0, None], "likes": [3, 90, 1, 2], "cost": [1.0, 1.0, 1.0, 1.0]}
            cells = ("full", "busy", "dissolved", "of no community")
            columns = [figures[name] for name in metrics]
            return Answer((*group_by, *metrics), list(zip(cells, *columns, strict=True)))

    of = {"likes": metric("likes", "costs"), "cost": METRICS["cost"]}
    manifest = {"semantic_models": list(MODELS.values()), "metrics": list(of.values())}
    wanted = [Input("likes"), Input("cost")]
    counts = people.People(Layer(), manifest, wanted).behind(["community__name"], wanted)
    assert counts[wanted[0]] == {("full",): 3, ("busy",): 30, ("dissolved",): 1, ("of no community",): 2}
    assert counts[wanted[1]] == {("full",): 30, ("busy",): 30}


def test_a_balance_below_zero_is_somebodys() -> None:
    assert [people.at_most(40, figure) for figure in (3, 0, -3, 2.5, None)] == [3, 0, 40, 40, 40]


class Dies(BaseException):
    """A process that ends here."""


@pytest.mark.parametrize("point", ["table", "replace"])
def test_killed_anywhere_the_old_file_stays_good(
    point: str, warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bi.duckdb"
    publish(warehouse, file, MANIFEST, None)
    before = file.read_bytes()

    def die(reached: str) -> None:
        if reached == point:
            raise Dies

    with monkeypatch.context() as patched:
        patched.setattr(draft, "reached", die)
        patched.setattr(run, "_remove", lambda draft: None)  # nobody cleans up behind a killed process
        with pytest.raises(Dies):
            publish(warehouse, file, MANIFEST, None)
    assert file.read_bytes() == before
    assert (tmp_path / ".bi.duckdb.draft").exists()
    publish(warehouse, file, MANIFEST, None)
    assert not (tmp_path / ".bi.duckdb.draft").exists()


def test_a_second_run_leaves_the_draft_of_the_first_alone(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, refused = tmp_path / "bi.duckdb", []

    def second(reached: str) -> None:
        if reached == "replace":
            with pytest.raises(PublishError, match="another kpi publish") as raised:
                publish(warehouse, file, MANIFEST, None, nodes=NODES)
            refused.append(raised)

    monkeypatch.setattr(draft, "reached", second)
    publish(warehouse, file, MANIFEST, None, nodes=NODES)
    assert len(refused) == 1
    assert "marts.dim_communities" in tables(file)


def test_a_reader_of_the_old_file_goes_on_reading(warehouse: Path, tmp_path: Path) -> None:
    file = tmp_path / "bi.duckdb"
    publish(warehouse, file, MANIFEST, None)
    file.chmod(0o600)
    with duckdb.connect() as reader:
        reader.execute(f"attach '{file}' as bi (read_only)")
        with duckdb.connect(str(warehouse)) as db:
            db.execute("insert into reference.types values ('flash')")
        publish(warehouse, file, MANIFEST, None)
        assert reader.execute("select count(*) from bi.reference.types").fetchone() == (1,)
    with duckdb.connect(str(file), read_only=True) as db:
        assert db.execute("select count(*) from reference.types").fetchone() == (2,)
    assert file.stat().st_mode & 0o777 == 0o600


def test_only_a_published_file_is_replaced(warehouse: Path, tmp_path: Path) -> None:
    notes, mine, empty = (tmp_path / name for name in ("notes.txt", "mine.duckdb", "bi.duckdb"))
    notes.write_text("not a database at all")
    shutil.copy(warehouse, mine)
    for file, why in ((notes, "no database"), (mine, "another warehouse")):
        before = file.read_bytes()
        with pytest.raises(PublishError, match=why):
            publish(warehouse, file, MANIFEST, None)
        assert file.read_bytes() == before
    empty.touch()  # as mktemp makes it
    for _ in range(2):
        assert "reference.types" in publish(warehouse, empty, MANIFEST, None).tables


def test_what_cannot_be_published_says_so(warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WarehouseError, match="no warehouse"):
        publish(tmp_path / "none.duckdb", tmp_path / "bi.duckdb", MANIFEST, None)
    with pytest.raises(PublishError, match="warehouse itself"):
        publish(warehouse, warehouse, MANIFEST, None)
    (tmp_path / "folder").mkdir()
    with pytest.raises(PublishError, match="Name the file in it"):
        publish(warehouse, tmp_path / "folder", MANIFEST, None)
    (tmp_path / "a file").write_text("")
    with pytest.raises(PublishError, match="cannot be written"):
        publish(warehouse, tmp_path / "a file" / "bi.duckdb", MANIFEST, None)
    (tmp_path / "broken.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseError, match=r"broken\.duckdb"):
        publish(tmp_path / "broken.duckdb", tmp_path / "bi.duckdb", MANIFEST, None)
    assert not (tmp_path / "bi.duckdb").exists()
    with pytest.raises(PublishError, match=r"no exported metrics.*kpi export"):
        publish(warehouse, tmp_path / "bi.duckdb", MANIFEST, lambda: (_ for _ in ()).throw(RuntimeError("no engine")))
    assert not (tmp_path / "bi.duckdb").exists()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["publish", "--to", "x.duckdb"])
    assert (done.exit_code, "make build" in done.stderr) == (2, True)


def test_a_half_built_warehouse_is_refused_and_alarms_are_said(warehouse: Path, tmp_path: Path) -> None:
    file = tmp_path / "bi.duckdb"
    with duckdb.connect(str(warehouse)) as db:
        db.execute("create table quality.build_state as select 'unfinished' as state, 'fct_sales' as name")
    with pytest.raises(WarehouseError, match=r"fct_sales[\s\S]*dbt build"):
        publish(warehouse, file, MANIFEST, None)
    assert not file.exists()
    with duckdb.connect(str(warehouse)) as db:
        db.execute("update quality.build_state set state = 'alarm', name = 'orders_are_paid'")
    done = publish(warehouse, file, MANIFEST, None, with_persons=True)
    assert done.alarms == ["orders_are_paid"]
    assert "dbt test --select orders_are_paid" in alarms_said(done.alarms)
    assert "quality.rows" in done.tables
    assert "quality.build_state" not in {*done.tables, *done.left_out}


def test_an_entity_leads_to_the_only_dimension_of_its_key() -> None:
    entities = {
        "dim_stages": {"community_id": "community", "kind_id": "kind"},
        "dim_communities": {"community_id": "c"},
    }
    keys = {"dim_communities": ("community_id",), "fct_kinds": ("kind_id",), "dim_pairs": ("community_id", "kind_id")}
    assert entity_keys(entities, keys) == {
        "dim_stages": {"community_id": ("dim_communities", "community_id")},
        "dim_communities": {},
    }
    assert entity_keys(entities, keys | {"dim_owners": ("community_id",)})["dim_stages"] == {}


def test_an_entitys_key_is_declared_where_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "community_metrics.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute("create schema marts; create table marts.dim_communities as select 'c' as community_id")
        db.execute("create table marts.dim_community_stages as select 'c' as community_id, 'growing' as stage")
    manifest = {"metrics": [], "semantic_models": [model("dim_community_stages", community="community_id")]}
    nodes = {n["alias"]: n for n in (node("dim_communities", "community_id"),
                                     node("dim_community_stages", "community_id", "stage"))}  # fmt: skip
    done = publish(path, tmp_path / "bi.duckdb", manifest, None, nodes=nodes)
    assert 'references "marts"."dim_communities"' in done.keys["marts.dim_community_stages"][1]
    with duckdb.connect(str(path)) as db:
        db.execute("insert into marts.dim_community_stages values ('unknown', 'growing')")
    done = publish(path, tmp_path / "bi.duckdb", manifest, None, nodes=nodes)
    assert len(done.keys["marts.dim_community_stages"]) == 1


def test_a_metric_is_traced_to_its_inputs_with_their_filters() -> None:
    assert inputs("orders", METRICS) == {Input("orders")}
    credited = "{{ Dimension('sale__is_attributed') }}"
    assert inputs("profit", METRICS) == {Input("orders"), Input("sales_value", (credited,)), Input("cost")}
    covered = METRICS | {"cost": METRICS["cost"] | {"config": {"meta": {"about": "calendar"}}}}
    assert inputs("roas", covered) == {Input("sales_value", (credited,))}
    looks_back = METRICS | {"growth": metric("growth", "", type="derived", metrics=[
        {"name": "orders", "offset_window": {"count": 1, "granularity": "month"}}])}  # fmt: skip
    with pytest.raises(ValueError, match="another period"):
        inputs("growth", looks_back)
    with pytest.raises(ValueError, match="cumulative"):
        inputs("running", METRICS | {"running": metric("running", "", type="cumulative")})


def test_persons_behind_an_input_are_those_who_contribute() -> None:
    counted = persons_of(Input("sales_value", ("is_attributed",)), METRICS, MODELS, "persons_1")
    assert counted["name"] == "persons_1"
    assert counted["filter"] == {"where_filters": [{"where_sql_template": "is_attributed"}]}
    assert counted["type_params"]["metric_aggregation_params"]["agg"] == "count_distinct"
    assert (
        counted["type_params"]["expr"]
        == "case when coalesce(cast((paid - refunded) as float), 0) <> 0 then person_id end"
    )
    assert persons_of(Input("buyers"), METRICS, MODELS, "p")["type_params"]["expr"] == (
        "case when (person_id) is not null then person_id end"
    )
    assert persons_of(Input("cost"), METRICS, MODELS, "p") is None
    # answers without a name are of one person each; a row without a member of staff may be nobody's
    answers = model("fct_answers", member="person_id", answer="id")
    targets = model("fct_targets", staff="s", target="id")
    for made in (answers, targets):
        made["entities"][1]["type"] = "primary"
    models = {"answers": answers, "targets": targets}
    scores = {name: metric(name, name, expr="score") for name in models}
    said = [persons_of(Input(name), scores, models, "p")["type_params"]["expr"] for name in models]
    assert [text.partition(" then ")[2] for text in said] == [
        "coalesce(person_id, cast(id as varchar(255))) end",
        "s end",
    ]
    assert METRICS["sales_value"]["type_params"]["expr"] == "paid - refunded"


def test_only_a_number_of_distinct_persons_is_one() -> None:
    days = METRICS | {"days": metric("days", "sales", "count_distinct", "paid_date"),
                      "persons": metric("persons", "sales", "count", "person_id"),
                      "groups": metric("groups", "costs", "count_distinct", "community_id")}  # fmt: skip
    found = {name for name in ("buyers", "days", "persons", "groups", "orders")
             if counts_persons(Input(name), days, MODELS)}  # fmt: skip
    assert found == {"buyers"}


def test_what_counts_persons_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []

    class Layer:
        def connected(self) -> Any:
            return contextlib.nullcontext(self)

        def defined_by(self, manifest: dict[str, Any]) -> Layer:
            return self

        def sql_of(self, metrics: list[str], group_by: list[str], where: tuple[str, ...]) -> str:
            compiled.append(metrics)
            return f"{metrics} by {group_by}"

        def sql(self, statement: str) -> str:
            return statement

    def asked(manifest: dict[str, Any]) -> Any:
        with AskedBefore(Layer(), tmp_path).connected() as layer:
            return layer.defined_by(manifest).query(["persons_0"], ["metric_time__day"])

    monkeypatch.setattr(remembered, "depends_on", lambda *_: [])
    monkeypatch.setenv("COMMUNITY_METRICS_CACHE", str(tmp_path / "kept"))
    assert asked({"metrics": [1]}) == asked({"metrics": [1]}) == "['persons_0'] by ['metric_time__day']"
    assert len(compiled) == 1
    asked({"metrics": [2]})  # persons_0 is another one now
    assert len(compiled) == 2


KILLED = """
import sys
import time
from pathlib import Path
from kpi.publish import draft
from kpi.publish.run import publish
# slow enough to be killed anywhere, and says when it begins
draft.reached = lambda point: time.sleep(0.05)
print("begins", flush=True)
publish(Path(sys.argv[1]), Path(sys.argv[2]), {"semantic_models": [], "metrics": []}, None, with_persons=True)
"""


def test_killed_at_random_moments_the_old_file_stays_good(warehouse: Path, tmp_path: Path) -> None:
    """A real SIGKILL, some in the midst of the tables, some at the end."""
    file = tmp_path / "bi.duckdb"
    manifest = {"semantic_models": [], "metrics": []}
    expected = publish(warehouse, file, manifest, None, with_persons=True).tables
    chance = random.Random(58)
    for _ in range(10):
        run = subprocess.Popen(
            [sys.executable, "-c", KILLED, warehouse, file], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        with run:
            assert run.stdout is not None
            run.stdout.readline()
            time.sleep(chance.uniform(0, 1.2))
            run.kill()
        with duckdb.connect(str(file), read_only=True) as db:
            for table, rows in expected.items():
                assert db.execute(f"select count(*) from {table}").fetchone() == (rows,)
    assert publish(warehouse, file, manifest, None, with_persons=True).tables == expected
    assert not (tmp_path / ".bi.duckdb.draft").exists()


def test_persons_are_counted_by_metricflow_as_by_hand(semantic_layer) -> None:
    """Of the demo: those who contribute, and where the fact knows none, members of the cell up to the figure."""
    keys, wanted = ["metric_time__month", "community__community_name"], [Input("orders"), Input("leaves")]
    counts = people.People(semantic_layer, semantic_layer.manifest, wanted).behind(keys, wanted)
    by_hand = semantic_layer.sql(
        "select date_trunc('month', paid_date), c.community_name, count(distinct person_id) from marts.fct_sales s "
        "join marts.dim_communities c using (community_id) where valid_orders <> 0 group by all"
    ).rows
    asked = {(str(month), name): n for (month, name), n in counts[wanted[0]].items() if n}
    assert asked == {(str(month)[:10], name): n for month, name, n in by_hand}
    inside = {(people.day(m), name): n for m, name, n in semantic_layer.query(["period_members"], keys).rows}
    leaves = {(people.day(m), name): n for m, name, n in semantic_layer.query(["leaves"], keys).rows}
    assert counts[wanted[1]] == {cell: min(n, leaves[cell]) for cell, n in inside.items() if n}
    assert any(0 < n < 5 for n in counts[wanted[1]].values())
