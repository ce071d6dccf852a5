"""`kpi ingest` as a whole: what lands, what is a duplicate, what changed, and that nothing is half done."""

from __future__ import annotations

import csv
import errno
import io
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from kpi.contracts import load_contracts
from kpi.ingest import landing as landings
from kpi.ingest import run as runs
from kpi.ingest.decode import Landed
from kpi.ingest.landing import Landing
from kpi.ingest.limits import Refused
from kpi.ingest.manifest import MANIFEST, LandingError
from kpi.ingest.parts import export_schema
from kpi.ingest.rows import Account, Unrecognised
from kpi.privacy.keys import Secret

CONTRACTS = load_contracts()
SECRET = Secret(b"a secret of the tests, long enough")
ORDERS = "youzan__orders"


class PlainCsv:
    """Decodes a CSV whose headers are those of the export: what a run needs of a decoder, and no more."""

    def __init__(self, source, contracts, *_):
        self.account, self.layouts, self.doubts = Account(), [f"{ORDERS}: 订单报表"], []
        self.masked, self.unknown_columns, self.control_differences = Counter(), Counter(), []
        self.unrecognised, self.exported_at = None, source.exported_at
        self._batches = self._read(source, contracts[ORDERS])

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._batches)

    def _read(self, source, contract):
        with source.open() as stream:
            rows = list(csv.reader(io.TextIOWrapper(stream, "utf-8", newline="")))
        if rows[0][0] == "crash":
            raise ValueError("13800138000")
        if rows[0][0] != "订单号":
            self.unrecognised = Unrecognised("no layout fits")
            return
        self.account.read, self.account.header = len(rows), 1
        for number, row in enumerate(rows[1:], 2):
            if row[0] == "refuse":
                raise Refused(source.name, "cell", "a cell is too large")
            if row[0] == "vanish":
                continue
            cells = dict(zip(rows[0], row, strict=True))
            rejected = not row[0]
            export = "ingest__rejected_rows" if rejected else ORDERS
            if rejected:
                values = [ORDERS, "订单号", "", "blank"]
                self.account.quarantined += 1
            else:
                values = [cells.get(name, "") for name in contract.column_names]
                self.account.landed += 1
            self.account.rows[export] += 1
            values += [source.name, str(number), source.exported_at]
            schema = export_schema(CONTRACTS[export].column_names)
            yield Landed(export, pa.RecordBatch.from_arrays([pa.array([value]) for value in values], schema=schema))


@pytest.fixture(autouse=True)
def plain_csv(monkeypatch):
    monkeypatch.setattr(runs.decoding, "decode", PlainCsv)


def put(folder: Path, name: str, *orders: tuple, time: int | None = None) -> Path:
    """A file of orders: (number, day, paid, refunded)."""
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["订单号", "订单创建时间", "订单实付金额", "订单已退款金额"])
        writer.writerows((number, f"{day} 10:00:00" if day else "", paid, back) for number, day, paid, back in orders)
    if time:
        os.utime(path, (time, time))
    return path


def run(source: Path, landing: Path, **options):
    return runs.ingest(source, landing, contracts=CONTRACTS, **({"secret": SECRET} | options))


def statuses(report) -> dict[str, str]:
    return {file.file: file.status for file in report.files}


def tree(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture()
def dropped(tmp_path):
    put(tmp_path / "in", "orders_20260603.csv", ("E1", "2026-05-01", "100.00", ""), ("E2", "2026-05-31", "50.00", "0"))
    return tmp_path / "in"


@pytest.fixture()
def landed(tmp_path):
    return tmp_path / "landed"


# --- what lands ------------------------------------------------------------------------------------


def test_every_file_has_a_report_and_its_records_add_up(dropped, landed):
    put(dropped, "late/orders_20260703.csv", ("E3", "2026-06-01", "1", ""), ("", "2026-06-02", "2", ""))
    (dropped / "photo.csv").write_text("IMG\n1\n")
    put(dropped, "bad_20260704.csv", ("E9", "2026-06-01", "1", ""), ("refuse", "", "", ""))
    report = run(dropped, landed)
    assert statuses(report) == {
        "orders_20260603.csv": "landed",
        "late/orders_20260703.csv": "landed",
        "photo.csv": "unrecognised",
        "bad_20260704.csv": "refused",
    }
    told = report.to_json()
    assert json.loads(json.dumps(told)) == told
    assert told["rows"] == {"ingest__rejected_rows": 1, ORDERS: 3}
    assert told["records"] == {
        **dict.fromkeys(("preamble", "blank", "total", "duplicate", "ignored"), 0),
        **{"read": 6, "header": 2, "quarantined": 1, "landed": 3},
    }
    for file in told["files"]:
        if file["records"]:
            assert file["records"]["read"] == sum(value for key, value in file["records"].items() if key != "read")
    assert {row["订单号"] for row in Landing.open(landed).read(ORDERS).to_table().to_pylist()} == {"E1", "E2", "E3"}
    assert report.is_wrong()
    (late,) = (file for file in report.files if file.file.startswith("late"))
    assert [(row.row, row.column, row.reason) for row in late.rejected] == [(3, "订单号", "blank")]


def test_an_unknown_file_may_be_ignored(dropped, landed):
    (dropped / "photo.csv").write_text("IMG\n1\n")
    report = run(dropped, landed)
    assert report.is_wrong()
    assert not report.is_wrong(ignore_unknown=True)


def test_a_file_that_does_not_add_up_or_crashes_the_decoder_is_not_landed(dropped, landed):
    put(dropped, "lost_20260703.csv", ("E3", "2026-06-01", "1", ""), ("vanish", "2026-06-02", "2", ""))
    (dropped / "crash.csv").write_text("crash\n")
    report = run(dropped, landed)
    assert statuses(report) == {
        "orders_20260603.csv": "landed",
        "lost_20260703.csv": "refused",
        "crash.csv": "refused",
    }
    reasons = {file.file: file.reason for file in report.files}
    assert "do not add up" in reasons["lost_20260703.csv"]
    assert "ValueError in test_ingest_run.py" in reasons["crash.csv"]
    assert "138" not in reasons["crash.csv"]
    assert Landing.open(landed).read(ORDERS).count_rows() == 2


def test_a_header_only_file_is_landed_without_parts_and_known_the_next_time(tmp_path, landed):
    put(tmp_path / "in", "orders_20260603.csv")
    assert statuses(run(tmp_path / "in", landed)) == {"orders_20260603.csv": "landed"}
    assert Landing.open(landed).parts() == []
    assert statuses(run(tmp_path / "in", landed)) == {"orders_20260603.csv": "duplicate"}


def test_a_file_that_cannot_be_read_keeps_no_other_out(dropped, landed, monkeypatch):
    put(dropped, "gone_20260703.csv", ("E3", "2026-06-01", "1", ""))

    class Vanishing(PlainCsv):
        def _read(self, source, contract):
            if source.name.startswith("gone"):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            return (yield from super()._read(source, contract))

    monkeypatch.setattr(runs.decoding, "decode", Vanishing)
    report = run(dropped, landed)
    assert statuses(report) == {"orders_20260603.csv": "landed", "gone_20260703.csv": "refused"}
    assert [(file.kind, file.reason) for file in report.files if file.kind] == [
        ("unreadable", "cannot be read (No such file or directory). Copy it here again")
    ]


def test_a_file_that_is_still_being_written_waits_for_the_next_run(dropped, landed, monkeypatch):
    class Growing(PlainCsv):
        def _read(self, source, contract):
            yield from super()._read(source, contract)
            with source.path.open("a") as file:
                file.write("E9,,,\n")

    monkeypatch.setattr(runs.decoding, "decode", Growing)
    (report,) = run(dropped, landed).files
    assert (report.status, report.kind) == ("refused", "unfinished")
    assert Landing.open(landed).parts() == []


def test_an_identity_map_that_cannot_be_written_ends_the_run(dropped, landed, monkeypatch):
    class Full:
        def commit(self):
            raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        run(dropped, landed, vault=Full())
    assert Landing.open(landed).parts() == []


# --- again -----------------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing(dropped, landed):
    run(dropped, landed)
    before = tree(landed)
    report = run(dropped, landed)
    assert statuses(report) == {"orders_20260603.csv": "duplicate"}
    assert not report.is_wrong()
    assert tree(landed) == before
    os.utime(dropped / "orders_20260603.csv")  # touched: it is read again, and found the same
    assert statuses(run(dropped, landed)) == {"orders_20260603.csv": "duplicate"}
    assert tree(landed) == before


def test_untouched_files_are_not_even_read(dropped, landed, monkeypatch):
    run(dropped, landed)
    monkeypatch.setattr(runs.Source, "sha256", property(lambda source: pytest.fail("read")))
    assert statuses(run(dropped, landed)) == {"orders_20260603.csv": "duplicate"}


def test_a_renamed_copy_is_a_duplicate(dropped, landed):
    content = (dropped / "orders_20260603.csv").read_bytes()
    (dropped / "a copy.csv").write_bytes(content)
    report = run(dropped, landed)
    assert Counter(statuses(report).values()) == {"landed": 1, "duplicate": 1}
    (dropped / "another copy.csv").write_bytes(content)
    report = run(dropped, landed)
    assert set(statuses(report).values()) == {"duplicate"}
    assert {file.duplicate_of for file in report.files} == {"a copy.csv"}


def test_other_content_under_the_same_name_and_time(tmp_path, landed):
    folder = tmp_path / "in"
    put(folder, "orders_20260603.csv", ("E1", "2026-05-01", "1", ""))
    run(folder, landed)
    put(folder, "orders_20260603.csv", ("E1", "2026-05-01", "2", ""), time=1780640000)  # 2026-06-05 14:13:20
    report = run(folder, landed)
    assert [(file.status, file.exported_at) for file in report.files] == [("landed", "2026-06-05 14:13:20")]
    rows = Landing.open(landed).read(ORDERS).to_table().to_pylist()
    assert {(row["_exported_at"], row["订单实付金额"]) for row in rows} == {
        ("2026-06-03 00:00:00", "1"),
        ("2026-06-05 14:13:20", "2"),
    }
    put(folder, "orders_20260603.csv", ("E1", "2026-05-01", "3", ""), time=1770000000)  # not newer
    report = run(folder, landed)
    assert [(file.status, file.kind) for file in report.files] == [("refused", "same_time")]


# --- what changed ----------------------------------------------------------------------------------


def test_a_re_export_supersedes_and_says_what_changed(dropped, landed):
    assert run(dropped, landed).changes == []
    put(
        dropped,
        "orders_20260703.csv",
        ("E1", "2026-05-01", "100.00", "¥30.50"),  # a refund arrives
        ("E2", "2026-05-31", "50.00", "0"),
        ("E3", "2026-06-01", "1,070.00", ""),
    )
    (change,) = run(dropped, landed).changes
    assert (change.export, change.new, change.unchanged, change.changed, change.older) == (ORDERS, 1, 1, 1, 0)
    assert [(money.month, money.column, money.yuan, money.rows) for money in change.money] == [
        ("2026-05", "订单已退款金额", 30.5, 1)
    ]
    versions = Landing.open(landed).read(ORDERS).to_table().to_pylist()
    assert sorted((row["订单号"], row["_exported_at"][:10]) for row in versions) == [
        ("E1", "2026-06-03"),
        ("E1", "2026-07-03"),
        ("E2", "2026-06-03"),
        ("E2", "2026-07-03"),
        ("E3", "2026-07-03"),
    ]


def test_an_older_export_that_comes_late_changes_nothing(tmp_path, landed):
    put(tmp_path / "in", "orders_20260703.csv", ("E1", "2026-05-01", "100", "30"))
    run(tmp_path / "in", landed)
    put(tmp_path / "in", "orders_20260603.csv", ("E1", "2026-05-01", "100", ""))
    (change,) = run(tmp_path / "in", landed).changes
    assert (change.older, change.changed, change.money) == (1, 0, [])


def test_only_parts_of_the_same_days_are_compared(dropped, landed, monkeypatch):
    run(dropped, landed)
    put(dropped, "orders_20260703.csv", ("E7", "2026-06-01", "1", ""))
    monkeypatch.setattr("kpi.ingest.versions.duckdb.connect", lambda **_: pytest.fail("read"))
    (change,) = run(dropped, landed).changes
    assert (change.new, change.changed) == (1, 0)


# --- safely ----------------------------------------------------------------------------------------


def test_check_writes_nothing_and_needs_no_secret(dropped, landed):
    put(dropped, "orders_20260703.csv", ("", "2026-06-01", "1", ""))
    report = run(dropped, landed, check=True, secret=None)
    assert report.rows() == {"ingest__rejected_rows": 1, ORDERS: 2}
    assert not landed.exists()
    assert runs.ingest(dropped, None, contracts=CONTRACTS, check=True).rows() == report.rows()
    run(dropped, landed)
    before = tree(landed)
    assert set(statuses(run(dropped, landed, check=True, secret=None)).values()) == {"duplicate"}
    assert tree(landed) == before


def test_another_secret_does_not_land_beside_the_first(dropped, landed):
    run(dropped, landed)
    before = tree(landed)
    with pytest.raises(LandingError, match="another secret"):
        run(dropped, landed, secret=Secret(b"another secret, just as long"))
    assert tree(landed) == before


def test_an_export_landed_by_hand_is_not_landed_again(dropped, landed):
    landed.mkdir()
    (landed / f"{ORDERS}.csv").write_text("订单号\n")
    (report,) = run(dropped, landed).files
    assert (report.status, report.kind) == ("refused", "by_hand")
    assert not Landing.open(landed).parts()


@pytest.mark.parametrize(("source", "into"), [("in", "in"), ("in", "in/landed"), ("nowhere", "landed")])
def test_directories_that_cannot_be_used(dropped, source, into):
    with pytest.raises(LandingError):
        run(dropped.parent / source, dropped.parent / into)


def test_a_full_disk_leaves_the_directory_as_it_was(dropped, landed, monkeypatch):
    run(dropped, landed)
    before = tree(landed)
    put(dropped, "orders_20260703.csv", *((f"E{i}", "2026-06-01", "1", "") for i in range(50)))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for place in ("kpi.ingest.parts.pq.ParquetWriter.write_table", "kpi.ingest.landing.write_manifest"):
        with monkeypatch.context() as patched:
            patched.setattr(place, full)
            with pytest.raises(OSError, match="No space"):
                run(dropped, landed)
        assert tree(landed) == before
    assert statuses(run(dropped, landed))["orders_20260703.csv"] == "landed"


SUBPROCESS = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_ingest_run as tests
from kpi.ingest import landing, run
run.decoding.decode = tests.PlainCsv
left = int(sys.argv[3])
def reached(point):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
landing.reached = run.reached = reached
print(tests.statuses(tests.run(Path(sys.argv[1]), Path(sys.argv[2]))))
"""


def _in_a_process(source: Path, landing: Path, dies_at: int = 0) -> subprocess.Popen:
    script = SUBPROCESS.format(tests=str(Path(__file__).parent))
    return subprocess.Popen(
        [sys.executable, "-c", script, str(source), str(landing), str(dies_at)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _die(source: Path, landing: Path, dies_at: int) -> None:
    """Run in a fork that kills itself at the given step."""
    left = dies_at

    def reached(point):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    landings.reached = runs.reached = reached
    run(source, landing)


def test_a_killed_run_leaves_the_directory_as_it_was_and_the_next_one_succeeds(dropped, landed):
    run(dropped, landed)
    before = Landing.open(landed)
    for month in range(1, 4):
        put(dropped, f"orders_2026070{month}.csv", *((f"F{month}{i}", "2026-06-01", "1", "") for i in range(5)))
    # 15 rows are written, 3 parts moved, and before, between and behind these: 21 steps
    context = multiprocessing.get_context("fork")
    for dies_at in sorted(random.Random(5).sample(range(1, 21), 10)):
        process = context.Process(target=_die, args=(dropped, landed, dies_at))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert Landing.open(landed).manifest == before.manifest
        assert Landing.open(landed).read(ORDERS).count_rows() == 2
    report = run(dropped, landed)
    assert Counter(statuses(report).values()) == {"landed": 3, "duplicate": 1}
    live = {part.path for part in Landing.open(landed).parts()}
    assert set(tree(landed)) == {MANIFEST, *live}
    assert Landing.open(landed).read(ORDERS).count_rows() == 17


def test_a_killed_first_run_leaves_no_landed_rows(dropped, landed):
    context = multiprocessing.get_context("fork")
    for dies_at in range(1, 6):
        process = context.Process(target=_die, args=(dropped, landed, dies_at))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert Landing.open(landed).parts() == []
    assert statuses(run(dropped, landed)) == {"orders_20260603.csv": "landed"}


def test_two_runs_at_once_land_each_file_once(dropped, landed):
    put(dropped, "orders_20260703.csv", ("E3", "2026-06-01", "1", ""))
    both = [_in_a_process(dropped, landed) for _ in range(2)]
    told = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    results = Counter(status for out, _ in told for status in eval(out.splitlines()[-1]).values())
    assert results == {"landed": 2, "duplicate": 2}
    assert Landing.open(landed).read(ORDERS).count_rows() == 3
