"""The landing directory: a change is whole or not at all, whoever dies when, and one writer at a time."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from kpi.ingest import guard
from kpi.ingest import landing as landings
from kpi.ingest.landing import Landing
from kpi.ingest.manifest import MANIFEST, LandedFile, LandingError, Manifest
from kpi.ingest.parts import LINEAGE, PartWriter, day_of, day_range, export_schema

EXPORT = "youzan__orders"
COLUMNS = ["订单号", "订单创建时间"]


def rows(file: str, numbers: range, day: str = "2026-05-01") -> pa.RecordBatch:
    cells = [[f"E{i}" for i in numbers], [f"{day} 10:00:00"] * len(numbers), [file] * len(numbers)]
    cells += [[str(i) for i in numbers], ["2026-06-03 08:00:00"] * len(numbers)]
    return pa.RecordBatch.from_arrays([pa.array(cell) for cell in cells], schema=export_schema(COLUMNS))


def land(directory: Path, name: str, numbers: range, **options) -> None:
    sha256 = f"{hash(name) & (1 << 64) - 1:016x}" * 4
    with Landing.locked(directory, **options) as landing, landing.rewrite() as change:
        writer = PartWriter(change.work, EXPORT, COLUMNS, "订单创建时间", sha256)
        writer.write(rows(name, numbers))
        parts = tuple(writer.close("2026-06-03 08:00:00"))
        change.add(LandedFile(name, sha256, 10, 1, "2026-06-03 08:00:00", ("t",), {"landed": 1}, parts))


def numbers_in(directory: Path) -> list[str]:
    landing = Landing.open(directory)
    return sorted(landing.read(EXPORT).to_table()["订单号"].to_pylist()) if landing.parts() else []


def tree(directory: Path) -> dict[str, bytes]:
    """Everything that a reader could see: all files but the lock."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_what_is_landed_can_be_read_back_by_arrow_and_duckdb(tmp_path):
    land(tmp_path, "a.csv", range(3))
    land(tmp_path, "it's/b.csv", range(3, 5))
    landing = Landing.open(tmp_path)
    assert numbers_in(tmp_path) == ["E0", "E1", "E2", "E3", "E4"]
    assert duckdb.sql(f"select count(*) from {landing.reader(EXPORT)}").fetchall() == [(5,)]
    part = landing.parts(EXPORT)[0]
    assert part.path.startswith(f"{EXPORT}/exported_on=2026-06-03/")
    assert (part.rows, part.min_day, part.max_day) == (3, "2026-05-01", "2026-05-01")
    assert landing.table(part).column_names == [*COLUMNS, *LINEAGE]
    assert landing.read("wecom__staff").count_rows() == 0
    with pytest.raises(LandingError, match="nothing of wecom__staff"):
        landing.reader("wecom__staff")


def test_manifest_reads_what_it_wrote_and_refuses_the_rest():
    with pytest.raises(LandingError, match="cannot be read"):
        Manifest.from_json("{")
    with pytest.raises(LandingError, match="format 2"):
        Manifest.from_json('{"format": 2}')
    empty = Manifest("abc")
    assert Manifest.from_json(empty.to_json()) == empty


def test_huge_files_become_several_parts_in_bounded_row_groups(tmp_path, monkeypatch):
    from kpi.ingest import parts

    monkeypatch.setattr(parts, "GROUP_ROWS", 10)
    monkeypatch.setattr(parts, "PART_ROWS", 30)
    writer = PartWriter(tmp_path, EXPORT, COLUMNS, "订单创建时间", "ab" * 32)
    for start in range(0, 95, 5):
        writer.write(rows("big.csv", range(start, start + 5), f"2026-05-{start // 5 + 1:02d}"))
    assert writer.rows == 95
    found = writer.close("2026-06-03 08:00:00")
    assert [part.rows for part in found] == [30, 30, 30, 5]
    assert [(part.min_day, part.max_day) for part in found][1] == ("2026-05-07", "2026-05-12")
    assert {part.path.rsplit("-", 1)[1] for part in found} == {f"{n}.parquet" for n in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("1600272000", "2020-09-17"),  # midnight in Shanghai, the day before in UTC
        ("1600272000123", "2020-09-17"),
        ("`2026-05-01 10:00:00", "2026-05-01"),
        ("2026/5/1", "2026-05-01"),
        ("2026年5月1日", "2026-05-01"),
        ("20260501", "2026-05-01"),
        ("2026-05", "2026-05-01"),
        ("2026-02-30", None),
        ("0", None),
        ("——", None),
        ("", None),
    ],
)
def test_day_of_a_cell(cell, day):
    assert (day_of(cell).isoformat() if day_of(cell) else None) == day
    assert day_range(pa.array([cell, None])) == ((day, day) if day else None)


def test_replaced_parts_become_live_together_and_the_old_ones_go(tmp_path):
    land(tmp_path, "a.csv", range(3))
    land(tmp_path, "b.csv", range(3, 5))
    before = Landing.open(tmp_path)
    with Landing.locked(tmp_path, secret="new") as landing, landing.rewrite() as change:
        first, second = landing.parts(EXPORT)
        change.replace(first, landing.table(first).slice(1))
        change.replace(second, None)
        change.set_secret("newer")
        assert numbers_in(tmp_path) == ["E0", "E1", "E2", "E3", "E4"]
    assert len(numbers_in(tmp_path)) == 2
    after = Landing.open(tmp_path)
    assert after.manifest.secret == "newer"
    assert [file.sha256 for file in after.manifest.files] == [file.sha256 for file in before.manifest.files]
    assert set(tree(tmp_path)) == {MANIFEST, *(part.path for part in after.parts())}
    with Landing.locked(tmp_path) as landing, landing.rewrite() as change:
        (part,) = landing.parts(EXPORT)
        assert part.path.endswith("-1-r1.parquet")
        change.replace(part, landing.table(part).slice(0, 1))
    assert Landing.open(tmp_path).parts(EXPORT)[0].path.endswith("-1-r2.parquet")


def test_rewriting_needs_the_lock_and_the_lineage(tmp_path):
    land(tmp_path, "a.csv", range(3))
    before = tree(tmp_path)
    with pytest.raises(LandingError, match="opened for reading"), Landing.open(tmp_path).rewrite():
        pass
    with (
        pytest.raises(LandingError, match="without _exported_at"),
        Landing.locked(tmp_path) as landing,
        landing.rewrite() as change,
    ):
        part = landing.parts()[0]
        change.replace(part, landing.table(part).drop(["_exported_at"]))
    assert tree(tmp_path) == before


def test_another_secret_is_refused(tmp_path):
    land(tmp_path, "a.csv", range(3), secret="one")
    with pytest.raises(LandingError, match="another secret"):
        land(tmp_path, "b.csv", range(3), secret="two")
    land(tmp_path, "b.csv", range(3), secret="one")


# --- strange directories ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["holiday.jpg", "youzan_orders.csv", "youzan__orders.xlsx", "notes/todo.txt"])
def test_a_directory_with_strange_things_is_refused(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    with pytest.raises(LandingError, match="is no landing directory"):
        land(tmp_path, "a.csv", range(3), exports=[EXPORT])
    assert not (tmp_path / MANIFEST).exists()


def test_a_link_or_a_file_is_no_landing_directory(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(LandingError, match="it is no directory"):
            land(tmp_path / name, "a.csv", range(3))
    (tmp_path / "real" / EXPORT).symlink_to(tmp_path)
    with pytest.raises(LandingError, match="is no landing directory"):
        land(tmp_path / "real", "a.csv", range(3), exports=[EXPORT])


def test_what_users_put_beside_the_manifest_is_let_be(tmp_path):
    land(tmp_path, "a.csv", range(3))
    for name in ("acknowledged_quarantine.csv", "boundary_baseline.yml", ".DS_Store", "wecom__staff.csv"):
        (tmp_path / name).write_text("userid\n")
    land(tmp_path, "b.csv", range(3), exports=[EXPORT, "wecom__staff"])
    assert Landing.open(tmp_path).by_hand() == {"wecom__staff"}
    (tmp_path / f"{EXPORT}.csv").write_text("订单号\n")
    with pytest.raises(LandingError, match="by hand and by kpi ingest"):
        land(tmp_path, "c.csv", range(3), exports=[EXPORT, "wecom__staff"])


def test_a_lost_manifest_is_not_taken_for_an_empty_directory(tmp_path):
    land(tmp_path, "a.csv", range(3))
    (tmp_path / MANIFEST).unlink()
    before = tree(tmp_path)
    with pytest.raises(LandingError, match=r"landed\.json is missing"):
        land(tmp_path, "b.csv", range(3))
    assert tree(tmp_path) == before


def test_source_and_landing_lie_apart(tmp_path):
    (tmp_path / "in").mkdir()
    guard.refuse_nested(tmp_path / "in", tmp_path / "landed")
    for source, directory in [("in", "in"), ("in", "in/landed"), ("landed/in", "landed")]:
        with pytest.raises(LandingError, match="within each other"):
            guard.refuse_nested(tmp_path / source, tmp_path / directory)


def test_checks_at_the_boundary_read_what_the_manifest_lists(tmp_path):
    from kpi.boundaries.relations import find_exports

    land(tmp_path, "a.csv", range(3))
    part = Landing.open(tmp_path).path(Landing.open(tmp_path).parts()[0])
    part.with_name("feedfeedfeedfeed-1.parquet").write_bytes(part.read_bytes())  # left by a killed run
    (tmp_path / "wecom__staff.csv").write_text("userid,_source_file,_source_row,_exported_at\n")
    found = find_exports(tmp_path)
    assert set(found) == {EXPORT, "wecom__staff"}
    assert duckdb.sql(f"select count(*) from {found[EXPORT]}").fetchall() == [(3,)]


# --- faults ----------------------------------------------------------------------------------------


def _rewrite_and_die(directory: Path, steps: int) -> None:
    """Run in a fork that kills itself after that many steps."""

    def reached(point):
        nonlocal steps
        steps -= 1
        if steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    landings.reached = reached
    with Landing.locked(directory) as landing, landing.rewrite() as change:
        for part in landing.parts():
            change.replace(part, landing.table(part).slice(1))


def test_a_killed_rewrite_leaves_the_directory_as_it_was(tmp_path):
    for name in ("a.csv", "b.csv", "c.csv"):
        land(tmp_path, name, range(3))
    before, steps = numbers_in(tmp_path), 0
    while numbers_in(tmp_path) == before:
        process = multiprocessing.get_context("fork").Process(target=_rewrite_and_die, args=(tmp_path, steps))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        steps += 1
    assert steps >= 8
    assert len(numbers_in(tmp_path)) == 6  # killed behind the manifest: the change is live as a whole
    with Landing.locked(tmp_path) as landing:
        live = {part.path for part in landing.parts()}
    assert set(tree(tmp_path)) == {MANIFEST, *live}


def test_a_full_disk_leaves_the_directory_as_it_was(tmp_path, monkeypatch):
    land(tmp_path, "a.csv", range(3))
    before = tree(tmp_path)

    def full_at(wanted):
        def full(point):
            if point == wanted:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return full

    for point in ("move", "moved", "manifest"):
        monkeypatch.setattr(landings, "reached", full_at(point))
        with pytest.raises(OSError, match="No space"):
            land(tmp_path, "b.csv", range(3, 5))
        assert tree(tmp_path) == before


def _hold(directory: Path, held, go) -> None:
    with Landing.locked(directory):
        held.set()
        go.wait(20)


def test_a_second_writer_waits_or_is_refused_with_the_pid_of_the_first(tmp_path):
    context = multiprocessing.get_context("fork")
    held, go = context.Event(), context.Event()
    first = context.Process(target=_hold, args=(tmp_path, held, go))
    first.start()
    assert held.wait(20)
    with pytest.raises(LandingError, match=f"process {first.pid} is writing"):
        land(tmp_path, "a.csv", range(3), wait=False)
    told = []

    def tell(message):
        told.append(message)
        go.set()

    land(tmp_path, "a.csv", range(3), tell=tell)
    first.join()
    assert str(first.pid) in told[0]
    assert "等待" in told[0]
    assert numbers_in(tmp_path) == ["E0", "E1", "E2"]
