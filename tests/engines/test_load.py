"""``kpi load`` against a PostgreSQL: all or nothing, cell by cell, and again is nothing; see .ci/engine."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from harness.landings import SEEDS, land

from kpi.engines.postgres import PostgreSql
from kpi.ingest.landing import Landing
from kpi.ingest.manifest import MANIFEST, LandingError
from kpi.load import load

COSTS, MEMBERS = "manual__costs", "wecom__group_members"


@pytest.fixture(autouse=True)
def nothing_loaded(target):
    """What was loaded is dropped."""
    ask(target, "drop schema if exists landing cascade")


@pytest.fixture
def landing(tmp_path):
    """Two exports, one of them in two parts."""
    directory = tmp_path / "landed"
    directory.mkdir()
    land(directory, "from seed", "2026-05-20 08:00:00", COSTS)
    land(directory, "from seed where invitor is null", "2026-05-20 08:00:00", MEMBERS)
    land(directory, "from seed where invitor is not null", "2026-05-21 08:00:00", MEMBERS)
    return directory


def ask(target, sql):
    """Rows of a statement, committed."""
    with closing(PostgreSql(target).connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def held(target):
    """Everything that is loaded, as text."""
    tables = ask(target, "select table_name from information_schema.tables where table_schema = 'landing' order by 1")
    return {name: sorted(map(str, ask(target, f'select * from landing."{name}"'))) for (name,) in tables}


def test_rows_are_copied_cell_by_cell_and_once(target, landing):
    done = load(str(landing), target)
    assert (done.parts, done.exports, done.copied.keys()) == (3, 2, {COSTS, MEMBERS})
    for export in (COSTS, MEMBERS):
        columns = ", ".join(f'"{name}"' for name in duckdb.read_csv(str(SEEDS / f"{export}.csv")).columns)
        seed = duckdb.sql(f"select {columns} from read_csv('{SEEDS / export}.csv', all_varchar = true)").fetchall()
        assert sorted(map(str, ask(target, f"select {columns} from landing.{export}"))) == sorted(map(str, seed))
    parts = dict(ask(target, "select part, rows from landing.parts"))
    assert parts == dict(ask(target, f"select landed_part, count(*) from landing.{COSTS} group by 1 union all "
                                     f"select landed_part, count(*) from landing.{MEMBERS} group by 1"))  # fmt: skip
    assert {str(landing / part.path) for part in Landing.open(landing).parts()} == parts.keys()
    before = held(target)
    again = load(f"{landing}/", target)
    assert (again.copied, again.removed) == ({}, {})
    assert held(target) == before


def test_empty_and_missing_texts_quotes_and_line_ends_stay_what_they_are(target, landing):
    names = ask_columns(COSTS)
    cells = f'\'\' as "{names[0]}", null as "{names[1]}", \'a,"b"\n\\N \' as "{names[2]}"'
    odd = f"select * replace ({cells}) from seed limit 1"
    land(landing, odd, "2026-05-22 08:00:00", COSTS)
    load(str(landing), target)
    last = Landing.open(landing).parts(COSTS)[-1].path
    cells = ", ".join(f'"{name}"' for name in names[:3])
    assert ask(target, f"select {cells} from landing.{COSTS} where landed_part like '%{last}'") == [
        ("", None, 'a,"b"\n\\N ')
    ]


def ask_columns(export):
    """Headers of an export of the demo."""
    return (SEEDS / f"{export}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")


def test_parts_that_are_no_longer_live_take_their_rows_away(target, landing):
    load(str(landing), target)
    with Landing.locked(landing) as locked, locked.rewrite() as change:
        first, second = locked.parts(MEMBERS)
        change.replace(first, None)
        change.replace(second, locked.table(second).slice(0, 7))  # as kpi erase does
    done = load(str(landing), target)
    assert done.removed == {MEMBERS: first.rows + second.rows}
    assert done.copied == {MEMBERS: 7}
    assert ask(target, f"select count(*) from landing.{MEMBERS}") == [(7,)]


def test_a_load_that_fails_leaves_everything_as_it_was(target, landing):
    load(str(landing), target)
    before = held(target)
    land(landing, "from seed limit 5", "2026-05-22 08:00:00", COSTS)
    land(landing, "from seed limit 5", "2026-05-22 08:00:00", MEMBERS)
    *_, last = Landing.open(landing).parts(MEMBERS)
    (landing / last.path).rename(landing / "away")
    (landing / "away").rename(Path(f"{landing}.away"))
    with pytest.raises(LandingError, match=Path(last.path).name):
        load(str(landing), target)
    assert held(target) == before
    Path(f"{landing}.away").rename(landing / last.path)
    manifest = (landing / MANIFEST).read_text(encoding="utf-8")
    (landing / MANIFEST).write_text(manifest.replace('"rows": 5', '"rows": 6'), encoding="utf-8")
    with pytest.raises(LandingError, match="in the manifest 6"):
        load(str(landing), target)
    assert held(target) == before


def test_another_directory_needs_a_word(target, landing, tmp_path):
    load(str(landing), target)
    before = held(target)
    other = tmp_path / "other"
    other.mkdir()
    land(other, "from seed limit 3", "2026-05-20 08:00:00", COSTS)
    with pytest.raises(LandingError, match=f"another directory is loaded: {landing}"):
        load(str(other), target)
    assert held(target) == before
    load(str(other), target, replace=True)
    assert len(held(target)[COSTS]) == 3
    assert MEMBERS not in held(target)


def test_what_no_file_has_and_what_no_table_takes_is_said(target, landing):
    (landing / "manual__communities.csv").write_text("群ID\nx\n", encoding="utf-8")
    with pytest.raises(LandingError, match=r"manual__communities.csv: .* has no column"):
        load(str(landing), target)
    (landing / "manual__communities.csv").unlink()
    names = ask_columns(COSTS)
    land(landing, f"select * replace ('a' || chr(0) as \"{names[0]}\") from seed limit 1", "2026-05-23 08:00:00", COSTS)
    with pytest.raises(LandingError, match=r"\.parquet: "):
        load(str(landing), target)


def test_a_table_of_other_columns_is_made_anew(target, landing):
    load(str(landing), target)
    before = held(target)
    ask(target, f"alter table landing.{COSTS} drop column landed_part")
    done = load(str(landing), target)
    assert done.copied.keys() == {COSTS}
    assert held(target)[COSTS] == before[COSTS]


def test_loads_wait_for_each_other_and_for_models_that_read(target, landing):
    load(str(landing), target)
    land(landing, "from seed limit 5", "2026-05-22 08:00:00", COSTS)
    said, done = [], []
    with closing(PostgreSql(target).connect()) as connection, connection.cursor() as cursor:
        cursor.execute("lock table landing.parts in share mode")  # a model that reads
        first = threading.Thread(target=lambda: done.append(load(str(landing), target).copied))
        first.start()
        first.join(2)
        assert first.is_alive()
        second = threading.Thread(target=lambda: done.append(load(str(landing), target, tell=said.append).copied))
        second.start()
        second.join(2)
        assert said == ["等待另一个 kpi load waiting for another one"]
        connection.rollback()
    first.join(30)
    second.join(30)
    assert done == [{COSTS: 5}, {}]


def test_a_name_that_is_no_export_is_refused_and_an_emptied_landing_is_not(target, landing, tmp_path):
    by_hand = tmp_path / "by hand"
    by_hand.mkdir()
    (by_hand / f"{COSTS}.csv").write_bytes((SEEDS / f"{COSTS}.csv").read_bytes())
    (by_hand / "youzan_orders.csv").write_text("x\n", encoding="utf-8")
    with pytest.raises(LandingError, match=r"youzan_orders\.csv: .* no export"):
        load(str(by_hand), target)
    load(str(landing), target)
    with Landing.locked(landing) as locked, locked.rewrite() as change:
        for part in locked.parts():
            change.replace(part, None)  # all erased
    assert load(str(landing), target).removed.keys() == {COSTS, MEMBERS}
    assert ask(target, f"select (select count(*) from landing.{COSTS}), (select count(*) from landing.parts)") == [
        (0, 0)
    ]


def test_a_directory_that_was_made_anew_is_not_taken_for_what_is_loaded(target, landing):
    load(str(landing), target)
    manifest = (landing / MANIFEST).read_text(encoding="utf-8")
    (landing / MANIFEST).write_text(manifest.replace('"secret": null', '"secret": "another"'), encoding="utf-8")
    with pytest.raises(LandingError, match=r"another secret.*--replace, then dbt build --full-refresh"):
        load(str(landing), target)
    (landing / MANIFEST).write_text(manifest, encoding="utf-8")
    ask(target, "update landing.parts set rows = rows + 1")  # as of other files of the same name
    with pytest.raises(LandingError, match=r"of the same name .* were loaded"):
        load(str(landing), target)
    done = load(str(landing), target, replace=True)
    assert done.copied.keys() == {COSTS, MEMBERS}
    assert sum(done.copied.values()) == sum(part.rows for part in Landing.open(landing).parts())
