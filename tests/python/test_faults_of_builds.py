"""What is left of a build that was killed, failed, met a full disk or found the warehouse held by somebody.

On a project of four tables that has the real project's macros, hooks and profile; `make kills` kills the real build.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import psutil
import pytest
import yaml
from harness.builds import Build

from kpi import warehouse

ROOT = Path(__file__).parents[2]
# What a build is told, by a file: other variables would have dbt parse everything again.
ORDERS = "read_csv('{{ env_var('COMMUNITY_METRICS_DB') }}.csv')"
# Each table holds the number of the build that made it; later ones read former ones.
MODELS = {
    "first": f"select build as made_in, random() as noise from (select build, unnest(range(rows)) from {ORDERS})",
    "second": (
        "select made_in, case when fails then error('as ordered') end as nothing "
        f"from (select max(made_in) as made_in from {{{{ ref('first') }}}}), {ORDERS}"
    ),
    "third": "select made_in from {{ ref('second') }}",
    "other": f"select build as made_in, alarms from {ORDERS}",
}
TEST = "select * from {{ ref('other') }} where alarms"


class Project:
    """The small project, and one warehouse."""

    def __init__(self, folder):
        """Write it."""
        self.folder, self.file, self.runs = folder, folder / "community_metrics.duckdb", 0
        hooks = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
        settings = {
            "name": "community_metrics",
            "profile": "community_metrics",
            "flags": {"send_anonymous_usage_stats": False, "version_check": False},
            "models": {"+materialized": "table"},
            # of the hooks, those of this matter: the others look at exports
            **{key: [hook for hook in hooks[key] if "_build(" in hook] for key in ("on-run-start", "on-run-end")},
        }
        assert settings["on-run-start"] and settings["on-run-end"], "dbt_project.yml marks no builds"
        files = {"dbt_project.yml": yaml.safe_dump(settings), "tests/an_alarm.sql": TEST}
        files |= {f"models/{name}.sql": sql for name, sql in MODELS.items()}
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (folder / "macros").mkdir()
        for name in ("build_state.sql", "generate_schema_name.sql"):
            shutil.copy(ROOT / "macros" / name, folder / "macros")
        profile = (ROOT / "profiles.example.yml").read_text(encoding="utf-8")
        (folder / "profiles.yml").write_text(profile.replace("wait_seconds: 10", "wait_seconds: 1"), encoding="utf-8")

    def start(self, number, *arguments, rows=10, fails=False, alarms=False, most_bytes=0):
        """Start ``dbt build`` as build ``number``."""
        orders = f"build,rows,fails,alarms\n{number},{rows},{fails},{alarms}\n"
        self.file.with_name(f"{self.file.name}.csv").write_text(orders, encoding="utf-8")
        self.runs += 1
        return Build(
            self.folder,
            *("--no-write-json", "--log-level-file", "none", "build", "--threads", "1", *arguments),
            environment={"COMMUNITY_METRICS_DB": str(self.file), "DBT_PROFILES_DIR": str(self.folder)},
            log=self.folder / f"run{self.runs}.log",
            most_bytes=most_bytes,
        )

    def build(self, number, *arguments, **orders):
        """The same to its end: exit code and output."""
        run = self.start(number, *arguments, **orders)
        return run.end(), run.text

    def made_in(self):
        """Which build made each table, by name."""
        with duckdb.connect(self.file, read_only=True) as db:
            return {name: db.execute(f"select max(made_in) from main.{name}").fetchone()[0] for name in MODELS}

    def last_build(self):
        """The id that dbt gave to the last run that replaced tables."""
        with duckdb.connect(self.file, read_only=True) as db:
            return warehouse.last_build(db)

    def marks(self):
        """Unfinished tables, and alarms."""
        with duckdb.connect(self.file, read_only=True) as db:
            return warehouse.unfinished_tables(db), warehouse.alarms(db)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project, built once; its tests go on from each other's wreck, in their order, as a user does."""
    project = Project(tmp_path_factory.mktemp("small"))
    code, text = project.build(1)
    assert code == 0, text
    return project


def holding(file, *, read_only):
    """A process that has the file open until its input ends."""
    code = f"import duckdb, sys; db = duckdb.connect({str(file)!r}, read_only={read_only}); print('open', flush=True)"
    client = subprocess.Popen(
        [sys.executable, "-c", f"{code}; sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    client.stdout.readline()
    return client


def test_a_killed_build_is_known_until_one_has_ended_well(project):
    before = project.last_build()
    assert before
    run = project.start(2)
    assert run.until(lambda text: "OK created sql table model main.first" in text), run.text
    run.kill()
    assert set(project.made_in().values()) == {1, 2}, "the kill came too late to leave new tables beside old ones"
    with (
        duckdb.connect(project.file, read_only=True) as db,
        pytest.raises(warehouse.WarehouseError, match=r"dbt build[\s\S]*before stands") as refused,
    ):
        warehouse.require_whole(db, project.file)
    assert all(name in str(refused.value) for name in MODELS)

    code, text = project.build(3, "--select", "other")
    assert code == 0, text
    assert project.marks()[0] == ["first", "second", "third"], "building one table says nothing of the others"

    code, text = project.build(4)
    assert code == 0, text
    assert set(project.made_in().values()) == {4}
    assert project.marks() == ([], [])
    after = project.last_build()
    assert after not in (None, before)
    code, text = project.build(4, "--select", "an_alarm")
    assert code == 0, text
    assert project.last_build() == after, "a run that replaces nothing is no build"


def test_failed_tables_and_those_behind_them_are_unfinished_and_failed_data_tests_are_alarms(project):
    code, text = project.build(5, fails=True, alarms=True)
    assert code == 1
    assert project.made_in() == {"first": 5, "other": 5, "second": 4, "third": 4}, text
    assert project.marks() == (["second", "third"], ["an_alarm"])


def test_a_full_disk_leaves_the_old_table(project):
    before = project.made_in()
    code, text = project.build(7, rows=2_000_000, most_bytes=project.file.stat().st_size + 4_000_000)
    assert code == 1
    assert "File too large" in text, text
    assert project.made_in()["first"] == before["first"]
    assert "first" in project.marks()[0]


def test_a_held_warehouse_says_by_whom_and_what_to_do(project):
    before = project.made_in()
    client = holding(project.file, read_only=True)
    try:
        code, text = project.build(8)
    finally:
        client.communicate()
    assert code == 1
    for words in (f"PID {client.pid}, ", "import duckdb, sys", "kpi publish", "wait until", "占用", "怎么办"):
        assert words in text, (words, text)
    assert "Traceback" not in text
    assert project.made_in() == before


def test_a_build_waits_for_a_query_that_ends_and_puts_everything_right(project):
    client = holding(project.file, read_only=True)
    run = project.start(9)
    assert run.until(lambda text: "等待最多" in text), run.text
    client.communicate()
    assert run.end() == 0, run.text
    assert set(project.made_in().values()) == {9}
    assert project.marks() == ([], [])


def test_no_warehouse_is_said_plainly(tmp_path):
    with pytest.raises(warehouse.WarehouseError, match="make build"):
        warehouse.connect(tmp_path / "none.duckdb")


def test_a_warehouse_without_marks_or_with_alarms_alone_is_whole(tmp_path):
    with warehouse.connect(tmp_path / "old.duckdb", read_only=False) as db:
        warehouse.require_whole(db, "old.duckdb")
        assert warehouse.alarms(db) == []
        db.execute("create schema quality; create table quality.build_state as select 'alarm' as state, 'a' as name")
        warehouse.require_whole(db, "old.duckdb")
        assert warehouse.alarms(db) == ["a"]


def test_who_comes_to_write_waits_for_a_reader(monkeypatch):
    class Held:
        """A connection to which the file is free after two attempts."""

        attempts = 0

        def execute(self, statement):
            self.attempts += 1
            if self.attempts < 3:
                raise duckdb.IOException("Could not set lock on file: PID 0")

    clock = iter(range(100))  # a second passes at each look
    monkeypatch.setattr(warehouse.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(warehouse.time, "sleep", lambda seconds: None)
    held = Held()
    warehouse.attach(held, __file__, "w", read_only=False, wait=10)
    assert held.attempts == 3
    with pytest.raises(warehouse.LockedWarehouseError, match="held by"):
        warehouse.attach(Held(), __file__, "w", read_only=False, wait=1)


def test_holders_are_named_with_command_user_and_age(tmp_path):
    file = tmp_path / "some.duckdb"
    duckdb.connect(file).close()
    client = holding(file, read_only=True)
    try:
        (holder,) = warehouse.who_holds(file)
        assert holder.pid == client.pid
        assert (holder.user, holder.since is None) == (psutil.Process().username(), False)
        assert "import duckdb, sys" in holder.command
        with pytest.raises(warehouse.LockedWarehouseError, match=str(client.pid)):
            warehouse.connect(file, read_only=False)
        warehouse.connect(file).close()  # readers do not keep each other out
    finally:
        client.communicate()
    client = holding(file, read_only=False)
    try:
        with pytest.raises(warehouse.LockedWarehouseError, match=str(client.pid)):
            warehouse.connect(file)
    finally:
        client.communicate()
    warehouse.connect(file, read_only=False).close()
