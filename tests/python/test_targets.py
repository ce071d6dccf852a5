"""Targets other than DuckDB, as far as no server is needed: profiles, renderers, refusals, types, kpi mf."""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from harness.engines import is_equal, plain
from typer.testing import CliRunner

from kpi import mf
from kpi.app import app
from kpi.coverage import periods
from kpi.definitions import Definitions
from kpi.engines import Rows, engine_of, server
from kpi.engines.spark import Spark, SparkReader
from kpi.query import cache
from kpi.semantic import RENDERERS, SemanticLayer
from kpi.sql import places
from kpi.targets import SETTING, Target, TargetError, find_target
from kpi.warehouse import WarehouseError

ROOT = Path(__file__).parents[2]
PROFILE = "profiles.example.yml"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the profile of the examples and the definitions that dbt would write for each target."""
    for variable in ("DBT_PROFILES_DIR", "DBT_TARGET_PATH", SETTING, *(f"COMMUNITY_METRICS_PG_{n}" for n in PG)):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "dbt_project.yml").write_text("name: community_metrics\nprofile: community_metrics\n")
    (tmp_path / "profiles.yml").write_text((ROOT / PROFILE).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


PG = ("HOST", "PORT", "USER", "PASSWORD", "DATABASE")


def written_for(project: Path, folder: str, database: str | None, schema: str = "marts") -> Path:
    """The definitions of this project as dbt writes them for another database."""
    manifest = json.loads((ROOT / "target" / "semantic_manifest.json").read_text(encoding="utf-8"))
    spines = manifest["project_configuration"]["time_spines"]
    for relation in (found["node_relation"] for found in (*manifest["semantic_models"], *spines)):
        name = f"{schema}.{relation['alias']}"
        relation |= {"database": database, "schema_name": schema, "relation_name": name}
    file = project / folder / "semantic_manifest.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return file


def test_the_connection_is_that_of_the_profile(project, monkeypatch):
    monkeypatch.setenv("COMMUNITY_METRICS_PG_HOST", "db.example")
    monkeypatch.setenv("COMMUNITY_METRICS_PG_PASSWORD", "a 'b'")
    found = find_target(project, "postgres")
    assert (found.kind, found.folder) == ("postgres", project / "target" / "postgres")
    assert found.settings["host"] == "db.example"
    assert found.settings["password"] == "a 'b'"
    assert int(found.settings["port"]) == 5544
    assert "a 'b'" not in repr(found)


def test_the_target_is_named_or_of_the_environment_or_embedded(project, monkeypatch):
    assert find_target(project).is_embedded
    assert find_target(project).manifest == project / "target" / "semantic_manifest.json"
    monkeypatch.setenv(SETTING, "spark")
    assert find_target(project).kind == "spark"
    assert find_target(project, "duckdb").is_embedded
    monkeypatch.setenv("DBT_TARGET_PATH", "elsewhere")
    assert find_target(project).folder == project / "elsewhere"
    assert find_target(project, "duckdb").folder == project / "target"  # said of spark


@pytest.mark.parametrize(
    ("name", "profile", "said"),
    [
        ("oracle", None, "no target oracle; there are duckdb, postgres, spark"),
        ("own", "{type: postgres, host: \"{{ env_var('NOWHERE_SET') }}\"}", "NOWHERE_SET is not set"),
        ("own", '{type: postgres, host: "{{ secret() }}"}', "Only env_var is known"),
        ("own", "{type: [", "profiles.yml"),
    ],
)
def test_a_target_that_cannot_be_read_says_why(project, name, profile, said):
    if profile:
        text = f"community_metrics: {{target: own, outputs: {{own: {profile}}}}}"
        (project / "profiles.yml").write_text(text)
    with pytest.raises(TargetError, match=said):
        find_target(project, name)


def test_without_a_profile_it_says_which_is_missing(project):
    (project / "profiles.yml").unlink()
    with pytest.raises(TargetError, match=r"profiles\.example\.yml"):
        find_target(project, "spark")


def test_definitions_of_another_target_are_refused(project):
    written_for(project, "target/postgres", None)
    with pytest.raises(TargetError, match="dbt parse --target postgres --target-path target/postgres"):
        SemanticLayer(project, target="postgres")
    written_for(project, "target/spark", "community_metrics")
    with pytest.raises(TargetError, match="dbt parse --target spark"):
        SemanticLayer(project, target="spark")
    with pytest.raises(TargetError, match="clickhouse is no engine"):
        engine_of(Target("own", "clickhouse", project), None)


def test_each_engine_has_its_renderer(project):
    written_for(project, "target/postgres", "community_metrics")
    written_for(project, "target/spark", None, "li_marts")
    asked, sql = ["first_response_minutes"], {}
    for name in ("postgres", "spark"):
        layer = SemanticLayer(project, target=name)
        sql[name] = layer.narrowed(Definitions(layer.manifest).only(asked)).sql_of(asked, ["metric_time__month"])
    assert "PERCENTILE_CONT(0.5) WITHIN GROUP" in sql["postgres"]
    assert "PERCENTILE_CONT(0.5) WITHIN GROUP" in sql["spark"]
    assert SemanticLayer(project, target="spark").places["quality"] == "`li_quality`"
    assert places("w", "li_")["marts"] == '"w"."li_marts"'
    assert set(RENDERERS) == {"DUCKDB", "POSTGRES", "DATABRICKS"}


def test_what_is_kept_is_kept_by_target(project):
    for folder, database in (("target/postgres", "community_metrics"), ("target/other", "community_metrics")):
        written_for(project, folder, database)
    text = (project / "profiles.yml").read_text(encoding="utf-8")
    (project / "profiles.yml").write_text(text.replace("    spark:", "    other:"), encoding="utf-8")
    assert cache.depends_on(project, "postgres") != cache.depends_on(project, "other")  # same definitions, same words


WRITING = (
    "select 1; drop table marts.fct_orders",
    "select 1) as a; commit; drop table marts.fct_orders; select * from (select 1",
    "select ';'",
)


@pytest.mark.parametrize("sql", WRITING)
def test_a_server_is_asked_one_query_only(sql):
    with pytest.raises(WarehouseError, match="one query"):
        server.one_query(sql)


def test_whatever_is_no_query_is_none_in_brackets():
    assert server.one_query(" select 1 as a -- why\n;\n") == "select * from (\nselect 1 as a -- why\n\n) as asked"


@pytest.mark.parametrize(
    "sql",
    [
        "select transform(a) using 'rm -rf /' as b from t",
        "select transform(a) using -- none\n 'cat' from t",
        "select reflect('java.lang.System', 'exit', 1)",
        "select `java_method`('java.lang.System', 'exit', 1)",
        "select TRY_REFLECT('java.lang.System', 'exit', 1)",
    ],
)
def test_spark_runs_no_program(sql):
    pytest.importorskip("pyhive")
    with pytest.raises(WarehouseError, match="only tables"):
        SparkReader(None).ask(sql)


def test_spark_is_reached_over_its_thrift_server_only(project):
    with pytest.raises(TargetError, match="Thrift"):
        Spark(Target("own", "spark", project, {"method": "session"}))


def test_values_have_the_types_of_duckdb():
    zone = dt.timezone(dt.timedelta(hours=8))
    rows = [
        (
            Decimal("3"),
            Decimal("2.50"),
            Decimal("0.3333333333333333"),
            dt.datetime(2026, 5, 1, tzinfo=zone),
            None,
            True,
        ),
        (None, Decimal("4"), None, None, None, False),
    ]
    found = server.settled("abcdef", rows)
    assert found == Rows(
        tuple("abcdef"),
        [
            (3, Decimal("2.50"), 0.3333333333333333, dt.datetime(2026, 5, 1), None, True),
            (None, Decimal("4"), None, None, None, False),
        ],
    )
    assert [type(value) for value in found.rows[0][:3]] == [int, Decimal, float]
    assert server.settled("ab", []).rows == []
    assert server.as_arrow(found).schema.names == list("abcdef")
    assert server.as_arrow(Rows(("a", "b"), [])).num_rows == 0


def test_periods_are_the_same_on_every_engine():
    import duckdb

    days = "with days as (select date '2026-02-11' as day) "
    ends = {"day": "2026-02-11", "week": "2026-02-15", "month": "2026-02-28", "quarter": "2026-03-31"}
    for grain, end in {**ends, "year": "2026-12-31"}.items():
        row = duckdb.sql(f"{days} {periods(grain, 'date ' + repr('2026-02-20'))}").fetchall()[0]
        assert (row[0], str(row[2]), str(row[3])) == (grain, end, min(end, "2026-02-20"))


def test_without_its_client_a_target_says_what_to_install(project, monkeypatch):
    written_for(project, "target/postgres", "community_metrics")
    written_for(project, "target/spark", None)
    for module in ("psycopg2", "pyhive"):
        monkeypatch.setitem(sys.modules, module, None)
    for name in ("postgres", "spark"):
        layer = SemanticLayer(project, target=name)
        with pytest.raises(TargetError, match=f"requirements-{name}.lock"), layer.connected():
            pass


@pytest.mark.parametrize(("name", "client"), [("postgres", "psycopg2"), ("spark", "pyhive")])
def test_without_its_server_a_target_says_how_to_start_it(project, monkeypatch, name, client):
    pytest.importorskip(client)
    monkeypatch.setenv(f"COMMUNITY_METRICS_{'PG' if name == 'postgres' else 'SPARK'}_PORT", "1")
    written_for(project, f"target/{name}", "community_metrics" if name == "postgres" else None)
    with pytest.raises(WarehouseError, match=f"make {name}-up"), SemanticLayer(project, target=name).connected():
        pass


@pytest.mark.parametrize(
    "command",
    [
        *(["export"], ["publish"], ["publish", "--to", "x.duckdb"], ["report", "--out", "x"]),
        ["query", "members", "--sql"],
    ],
)
def test_commands_say_what_another_target_cannot_do(project, monkeypatch, command):
    monkeypatch.setenv(SETTING, "postgres")
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert "postgres" in done.output
    assert list(project.glob("x*")) == []


def test_mf_refuses_what_nobody_has_looked_at(project, monkeypatch):
    mf.require_pinned()
    monkeypatch.setattr(mf, "version", lambda _: "0.999")
    done = CliRunner().invoke(app, ["mf", "query", "--metrics", "members"])
    assert done.exit_code == 2
    for said in ("dbt-metricflow==0.15.0", "metricflow==0.213.0", "installed: dbt-metricflow 0.999"):
        assert said in " ".join(done.output.split())


def test_mf_says_what_to_run_where_dbt_has_written_nothing(project):
    done = CliRunner().invoke(app, ["mf", "--target", "spark", "list", "metrics"])
    assert done.exit_code == 2
    assert "dbt parse --target spark --target-path target/spark" in " ".join(done.output.split())


def test_the_pinned_metricflow_is_that_of_the_lock():
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for package, number in mf.PINNED.items():
        assert f"\n{package}=={number} " in locked


def test_spark_is_databricks_to_metricflow_and_nothing_else_is_changed():
    from dbt_metricflow.cli import cli_configuration
    from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import AdapterBackedSqlClient
    from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtArtifacts

    class Adapter:
        def type(self) -> str:
            return "spark"

    with pytest.raises(ValueError, match="spark is not supported"):  # the day it is, kpi mf has nothing to do
        AdapterBackedSqlClient(Adapter())
    client = mf.spark_client()(Adapter())
    assert client.sql_engine_type.name == "DATABRICKS"
    assert type(client.sql_plan_renderer).__name__ == RENDERERS["DATABRICKS"][1]
    assert cli_configuration.AdapterBackedSqlClient is AdapterBackedSqlClient  # the name that kpi mf replaces
    assert callable(dbtArtifacts.build_semantic_manifest_from_dbt_project_root)


def test_equal_is_exact_but_for_fractions_and_a_null_is_only_a_null():
    assert is_equal(Decimal("1.10"), Decimal("1.1"))
    assert is_equal(1 / 3, 0.33333333333)
    assert is_equal(None, None)
    for ours, theirs in ((None, 0), (0, None), (Decimal("1.10"), Decimal("1.11")), (3, 4), (0.5, 0.5001), ("a", "A")):
        assert not is_equal(ours, theirs)
    assert plain(1.0000000000001) == plain(1.0)
    assert plain(Decimal("1.10")) == plain(Decimal("1.1"))
    assert plain(dt.date(2026, 5, 1)) == "2026-05-01"
