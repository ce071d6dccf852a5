"""The published file: who and what is left out, and that it is replaced as a whole."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from kpi import publish as module
from kpi.app import app
from kpi.privacy.disclosure import COMPLEMENTARY, FEW
from kpi.publish import PublishError, inputs, persons_of, protect, publish
from kpi.semantic import Answer

KEY = "wm_" + "a" * 32
MONTH = datetime.datetime(2026, 4, 1)


def model(table: str, **entities: str) -> dict[str, Any]:
    return {
        "name": table.removeprefix("fct_"),
        "node_relation": {"alias": table},
        "entities": [{"name": name, "expr": column} for name, column in entities.items()],
    }


def metric(name: str, model: str, agg: str = "sum", expr: str | None = None, **params: Any) -> dict[str, Any]:
    how = {"semantic_model": model, "agg": agg}
    filled = {"numerator": None, "denominator": None, "metrics": [], "expr": expr, "metric_aggregation_params": how}
    return {"name": name, "type_params": filled | params}


MANIFEST = {
    "semantic_models": [
        model("fct_sales", sale="sale_id", member="person_id", community="community_id"),
        model("fct_empty", member="person_id"),
        model("fct_costs", community="community_id"),
    ],
    "metrics": [
        metric("orders", "sales", expr="valid_orders"),
        metric("buyers", "sales", "count_distinct", "person_id"),
        metric("cost", "costs"),
        metric("roas", "", numerator={"name": "sales_value"}, denominator={"name": "cost"}),
        metric("sales_value", "sales", expr="paid - refunded"),
        metric("profit", "", metrics=[{"name": "roas"}, {"name": "orders"}]),
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
            "storage_version": "v1.5.0+"
        }
    assert sorted(path.name for path in file.parent.iterdir() if not path.name.endswith(".lock")) == ["bi.duckdb"]


def test_without_dbts_manifest_no_dimension_is_published(warehouse: Path, tmp_path: Path) -> None:
    publish(warehouse, tmp_path / "bi.duckdb", MANIFEST, None)
    assert tables(tmp_path / "bi.duckdb") == {"reference.types": ["type"]}


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
        def query(self, metrics: list[str], keys: list[str]) -> Answer:
            if metrics == [module.POPULATION]:
                raise RuntimeError("no such path")
            return Answer(("department", "contacts", "cost"), [("a", 3, 2.5), ("b", 0, None), ("c", 90, 7.0)])

    counts = module._persons(Layer(), ["department"], ["contacts", "cost"], {})
    assert counts == {"contacts": {("a",): 3, ("c",): 90}, "cost": {}}


def test_a_balance_below_zero_is_somebodys() -> None:
    assert [module._at_most(40, figure) for figure in (3, 0, -3, 2.5, None)] == [3, 0, 40, 40, 40]


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
        patched.setattr(module, "reached", die)
        patched.setattr(module, "_remove", lambda draft: None)  # nobody cleans up behind a killed process
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

    monkeypatch.setattr(module, "reached", second)
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


def test_what_cannot_be_published_says_so(warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PublishError, match="no warehouse"):
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
    with pytest.raises(PublishError, match="cannot be published"):
        publish(tmp_path / "broken.duckdb", tmp_path / "bi.duckdb", MANIFEST, None)
    assert not (tmp_path / "bi.duckdb").exists()
    with pytest.raises(PublishError, match=r"cannot be asked.*no engine"):
        publish(warehouse, tmp_path / "bi.duckdb", MANIFEST, lambda: (_ for _ in ()).throw(RuntimeError("no engine")))
    assert not (tmp_path / "bi.duckdb").exists()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["publish", "--to", "x.duckdb"])
    assert (done.exit_code, "make build" in done.stderr) == (2, True)


def test_a_metric_is_traced_to_its_inputs() -> None:
    assert inputs("orders", METRICS) == {"orders"}
    assert inputs("profit", METRICS) == {"orders", "sales_value", "cost"}


def test_persons_behind_a_metric_are_those_who_contribute() -> None:
    counted = persons_of("sales_value", METRICS, MODELS)
    assert counted["name"] == "persons_of_sales_value"
    assert counted["type_params"]["metric_aggregation_params"]["agg"] == "count_distinct"
    assert (
        counted["type_params"]["expr"]
        == "case when coalesce(cast((paid - refunded) as double), 0) <> 0 then person_id end"
    )
    assert persons_of("buyers", METRICS, MODELS)["type_params"]["expr"] == (
        "case when (person_id) is not null then person_id end"
    )
    assert persons_of("cost", METRICS, MODELS) is None
    assert METRICS["sales_value"]["type_params"]["expr"] == "paid - refunded"


def protected(cells: dict[str, tuple[float | None, ...]], persons: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Rows of April by community: orders, ROAS (made of orders and cost) and cost."""
    answer = Answer(
        ("metric_time__month", "community", "orders", "roas", "cost"), [(MONTH, name, *v) for name, v in cells.items()]
    )
    counts = {leaf: {(MONTH, name): n for name, n in known.items()} for leaf, known in persons.items()}
    behind = {"orders": ["orders"], "roas": ["orders", "cost"], "cost": ["cost"]}
    return protect(answer, ["metric_time__month", "community"], behind, counts, 5)


def test_a_ratio_is_withheld_with_its_inputs_and_a_total_gives_nothing_away() -> None:
    cells = {"a": (3, 1.5, 2.0), "b": (40, 2.0, 20.0), "c": (9, 3.0, 3.0), "d": (0, 0.0, 3.0), "e": (None, None, None)}
    rows = protected(cells, {"orders": {"a": 2, "b": 30, "c": 8, "d": 0}})
    assert [(row["orders"], row["roas"], row["cost"]) for row in rows] == [
        (None, None, 2.0), (40, 2.0, 20.0), (None, None, 3.0), (0, 0.0, 3.0), (None, None, None),
    ]  # fmt: skip
    assert [row["withheld"] for row in rows] == [
        f"orders: {FEW}; roas: {FEW}", None, f"orders: {COMPLEMENTARY}; roas: {COMPLEMENTARY}", None, None,
    ]  # fmt: skip


def test_a_dimension_that_another_one_tells_is_not_added_up() -> None:
    rows = [{"name": n, "type": t, "tier": tier} for n, t in (("a", "x"), ("b", "x"), ("c", "y")) for tier in (1, 2)]
    assert module._independent(rows, ["name", "type", "tier"]) == ["name", "tier"]
    assert module._independent(rows, ["type", "name"]) == ["name"]
    assert module._independent(rows[:1], ["name", "type"]) == ["type"]


def test_persons_are_counted_by_metricflow_as_by_hand(semantic_layer) -> None:
    """Of the demo: the query with persons added equals a count on the mart, and few are withheld."""
    manifest = json.loads(
        (Path(module.__file__).parents[1] / "target/semantic_manifest.json").read_text(encoding="utf-8")
    )
    metrics = {m["name"]: m for m in manifest["metrics"]}
    models = {m["name"]: m for m in manifest["semantic_models"]}
    added = {"orders": persons_of("orders", metrics, models)}
    assert persons_of("leaves", metrics, models) is None
    counting = semantic_layer.defined_by({**manifest, "metrics": [*manifest["metrics"], *added.values()]})
    keys = ["metric_time__month", "community__community_name"]
    counts = module._persons(counting, keys, ["orders", "leaves"], added)
    by_hand = semantic_layer.sql(
        "select date_trunc('month', paid_date), c.community_name, count(distinct person_id) from marts.fct_sales s "
        "join marts.dim_communities c using (community_id) where valid_orders <> 0 group by all"
    ).rows
    asked = {(str(month)[:7], name): n for (month, name), n in counts["orders"].items() if n}
    assert asked == {(str(month)[:7], name): n for month, name, n in by_hand}
    inside = semantic_layer.query(["period_members"], keys).by_key(keys, "period_members")
    leaves = semantic_layer.query(["leaves"], keys).by_key(keys, "leaves")
    assert counts["leaves"] == {cell: min(n, leaves[cell]) for cell, n in inside.items() if n}
    assert any(0 < n < 5 for n in counts["leaves"].values())
    answer = semantic_layer.query(["orders"], keys)
    rows = protect(answer, keys, {"orders": ["orders"]}, counts, 5)
    small = {cell for cell, n in asked.items() if n < 5}
    withheld = {(str(r[keys[0]])[:7], r[keys[1]]) for r in rows if r["withheld"]}
    assert small
    assert small <= withheld
