"""Little memory changes no answer: what does not fit is spilled beside the warehouse, as in the test of long keys."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from jinja2 import Environment

ROOT = Path(__file__).parents[2]
ROWS = 600_000
LIMIT = "24MB"


def has_key(columns):
    """The SQL of the data test for keys of a table ``t``, without dbt."""
    source = (ROOT / "macros" / "has_key.sql").read_text(encoding="utf-8")
    engine = (ROOT / "macros" / "engine.sql").read_text(encoding="utf-8")
    environment = Environment(autoescape=False)
    dispatched = {"dbt": SimpleNamespace(type_string=lambda: "varchar")}
    for text in (engine, source[source.index("{% endtest %}") :]):
        macros = environment.from_string(text.removeprefix("{% endtest %}"), dispatched).module
        of_duckdb = {name[9:]: vars(macros)[name] for name in vars(macros) if name.startswith("default__")}
        dispatched |= of_duckdb
    body = source[source.index("%}", source.index("{% test")) + 2 : source.index("{% endtest %}")]
    return environment.from_string(body, dispatched).render(model="t", columns=columns, filled={}, accepted={})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A file with more keys than the limit holds, of which seven are there twice."""
    file = tmp_path_factory.mktemp("memory") / "community_metrics.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table t as select md5(cast(range % ? as varchar)) as person_id, range % 7 as kind from range(?)",
            [ROWS - 7, ROWS],
        )
    return file


def ask(file, sql, **settings):
    """All rows, under some settings."""
    with duckdb.connect(str(file), config={"threads": "2", **settings}) as connection:
        return connection.execute(sql).fetchall()


def test_the_key_test_answers_the_same_in_little_memory(warehouse):
    plenty = ask(warehouse, has_key(["person_id"]))
    assert len(plenty) == 7, "the keys that are there twice"
    assert sorted(ask(warehouse, has_key(["person_id"]), memory_limit=LIMIT)) == sorted(plenty)


def test_without_a_place_to_spill_the_same_memory_is_too_little(warehouse):
    """Shows that the test above spilled."""
    with pytest.raises(duckdb.OutOfMemoryException):
        ask(warehouse, has_key(["person_id"]), memory_limit=LIMIT, temp_directory="")


def test_the_profile_sets_a_limit_that_the_environment_overrides():
    profile = yaml.safe_load((ROOT / "profiles.example.yml").read_text(encoding="utf-8"))
    (plugin,) = profile["community_metrics"]["outputs"]["duckdb"]["plugins"]
    written = plugin["config"]["settings"]["memory_limit"]
    render = Environment(autoescape=False).from_string(written).render
    assert render(env_var=lambda name, default: default).endswith(("MB", "GB"))
    assert render(env_var=lambda name, default: {"COMMUNITY_METRICS_MEMORY": "4GB"}[name]) == "4GB"


def test_what_the_plugin_sets_once_holds_for_every_cursor(tmp_path):
    """A node of dbt is a cursor; the file is opened again after the last one has gone."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.adapters.duckdb.environments import create

    profile = yaml.safe_load((ROOT / "profiles.example.yml").read_text(encoding="utf-8"))
    output = profile["community_metrics"]["outputs"]["duckdb"]
    output["plugins"][0]["config"]["settings"]["memory_limit"] = "256MiB"
    given = {**output, "path": str(tmp_path / "community_metrics.duckdb"), "database": "community_metrics"}
    opened = create(DuckDBCredentials.from_dict(given))
    asked = "select current_setting('TimeZone'), current_setting('memory_limit')"
    for _ in range(2):
        first, second = opened.handle(), opened.handle()
        for handle in (first, second):
            assert handle.cursor().execute(asked).fetchall() == [("Asia/Shanghai", "256.0 MiB")]
            handle.close()
