"""What increments.membership_changes says after a build is what changed between its memberships and those before."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
WAREHOUSE = ROOT / "warehouse" / "test" / "community_metrics.duckdb"
SEED = ROOT / "seeds" / "exports" / "manual__channels.csv"
MODEL = "int_memberships_described"
LEFT, BACK = "timestamp '2026-04-01 12:00:00'", "timestamp '2026-04-10 12:00:00'"

# what happens to one open membership each; {one} is the condition on its community and person
EVENTS = {
    "leaves": [f"update spells set left_at = {LEFT}, leave_reason = 'self' where {{one}}"],
    "joined before": ["update spells set joined_at = joined_at - interval 9 day where {one}"],
    "other channel": ["update channels set channel_id = 'poster_late' where {one}"],
    "never was": ["delete from spells where {one}"],
    "becomes a test account": ["update persons set role = 'test', is_counted = false where person_id = '{person}'"],
    "comes back": [
        f"insert into spells select * replace (2 as spell_number, {BACK} as joined_at) from spells where {{one}}",
        "insert into channels select * replace (2 as spell_number) from channels where {one}",
        f"update spells set left_at = {LEFT} where {{one}} and spell_number = 1",
    ],
    "is one person with another": [
        "update spells set person_id = 'p_merged' where {one}",
        "update channels set person_id = 'p_merged' where {one}",
        "insert into persons values ('p_merged', 'customer', true)",
    ],
    "nothing": [],
}
TABLES = {
    "spells": "intermediate.int_membership_spells_built",
    "channels": "intermediate.int_membership_channels_attributed",
    "persons": "intermediate.int_persons_classified",
}
MEMBERSHIPS = "select person_id, channel_id || role || is_counted, joined_at, coalesce(left_at, timestamp 'infinity')"


@pytest.fixture(scope="module")
def built(tmp_path_factory, project_copy):
    """Memberships before, after and noted; and to whom each event happened."""
    if not WAREHOUSE.is_file():
        pytest.skip("no built warehouse: run `make test-build`")
    folder = tmp_path_factory.mktemp("memberships")
    (folder / "landing").mkdir()
    shutil.copy(SEED, folder / "landing")  # whatever is landed makes it a build of landed exports
    project = project_copy(folder, exports=folder / "landing")
    path = folder / "warehouse" / "community_metrics.duckdb"
    shutil.copy(WAREHOUSE, path)
    outcome = project.dbt("--no-write-json", "run", "--select", MODEL)  # whole: the ledgers begin here
    assert outcome.returncode == 0, outcome.stdout
    with duckdb.connect(str(path)) as warehouse:
        open_ones = warehouse.execute(
            "select any_value(community_id), person_id, any_value(joined_at) "
            f"from intermediate.{MODEL} where is_counted group by person_id "
            f"having count(*) = 1 and max(left_at) is null and max(joined_at) < {LEFT} order by person_id"
        ).fetchmany(len(EVENTS))
        people = dict(zip(EVENTS, open_ones, strict=True))
        before = warehouse.execute(f"{MEMBERSHIPS} from intermediate.{MODEL}").fetchall()
        for event, (community, person, _) in people.items():
            one = f"community_id = '{community}' and person_id = '{person}'"
            for statement in EVENTS[event]:
                text = re.sub(r"\b(spells|channels|persons)\b", lambda name: TABLES[name[0]], statement)
                warehouse.execute(text.format(one=one, person=person))
                table = next(name for name in TABLES.values() if name in text).removeprefix("intermediate.")
                changed = "select 'self', unnest([?, 'p_merged']), 'told'"
                warehouse.execute(f"insert into increments.{table} {changed}", [person])
    outcome = project.dbt("--no-write-json", "run", "--select", MODEL)
    assert outcome.returncode == 0, outcome.stdout
    with duckdb.connect(str(path), read_only=True) as warehouse:
        after = warehouse.execute(f"{MEMBERSHIPS} from intermediate.{MODEL}").fetchall()
        noted = warehouse.execute(
            "select person_id, changed_from, coalesce(changed_to, timestamp 'infinity'), change_number "
            "from increments.membership_changes order by change_number"
        ).fetchall()
        kept = warehouse.execute("select count(*) from duckdb_tables() where table_name like '%__dbt_%'").fetchall()
    assert kept == [(0,)]
    return people, before, after, noted


def counting(memberships, person, time):
    """What counts of a person at a time."""
    return sorted(row[1] for row in memberships if row[0] == person and row[2] <= time < row[3])


def test_only_who_changed_is_noted_and_numbers_grow(built):
    people, _, _, noted = built
    changed = {person for event, (_, person, _) in people.items() if event != "nothing"} | {"p_merged"}
    assert {row[0] for row in noted} == changed
    assert [row[3] for row in noted] == list(range(1, len(noted) + 1))


def test_every_time_at_which_another_membership_counts_is_noted(built):
    people, before, after, noted = built
    for person in [person for _, person, _ in people.values()] + ["p_merged"]:
        rows = [row for row in before + after if row[0] == person]
        for time in {moment for row in rows for moment in row[2:] if moment.year < 9999}:
            if counting(before, person, time) != counting(after, person, time):
                assert any(row[0] == person and row[1] <= time < row[2] for row in noted), (person, time)


@pytest.mark.parametrize(
    ("event", "times"),
    [
        ("leaves", [("2026-04-01 12:00:00", "infinity")]),
        ("comes back", [("2026-04-01 12:00:00", "infinity"), ("2026-04-10 12:00:00", "infinity")]),
    ],
)
def test_what_was_before_a_leave_stays_as_it_was(built, event, times):
    people, _, _, noted = built
    with duckdb.connect() as database:
        expected = [
            database.execute(f"select timestamp '{start}', timestamp '{end}'").fetchone() for start, end in times
        ]
    assert sorted(row[1:3] for row in noted if row[0] == people[event][1]) == expected


def test_join_that_was_earlier_changes_the_time_between_the_two(built):
    people, _, _, noted = built
    ((start, end),) = [row[1:3] for row in noted if row[0] == people["joined before"][1]]
    assert (end - start).days == 9
    assert end == people["joined before"][2]
