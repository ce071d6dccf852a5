"""What the scripts of bench/ measure with: exports cut and multiplied, hand-written SQL that equals the marts."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
WAREHOUSE = ROOT / "warehouse" / "test" / "community_metrics.duckdb"


@pytest.fixture
def bench(monkeypatch):
    """Imports a script of bench/ by its name, as the scripts import one another."""
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    return importlib.import_module


def write(folder: Path, name: str, rows: str) -> None:
    """An export as one file, of rows as SQL."""
    folder.mkdir(exist_ok=True)
    duckdb.sql(f"copy ({rows}) to '{folder / name}.parquet'")


def read(files: Path, columns: str) -> list[tuple]:
    """Some columns of some Parquet files, sorted."""
    return sorted(duckdb.sql(f"select {columns} from '{files}'").fetchall())


def test_last_day_is_cut_by_export_by_event_or_not_at_all(bench, tmp_path):
    exports = tmp_path / "exports"
    days = "values ('a', '2026-05-18 02:00:00'), ('b', '2026-05-19 02:00:00'), ('c', '2026-05-20 02:00:00')"
    write(exports, "wecom__messages", f"select * from ({days}) as t (msgid, _exported_at)")
    events = "values ('1779120000', 'new'), ('1779119999', 'old'), (null, 'none')"  # 19 May, and a second before
    write(
        exports,
        "wecom__group_events",
        f"select *, '2026-05-20 02:00:00' as _exported_at from ({events}) as t (CreateTime, x)",
    )
    write(exports, "wecom__customers", "select 'wm_1' as external_userid, '2026-05-20 02:00:00' as _exported_at")
    assert bench("last_day").cut(exports, tmp_path / "landing", tmp_path / "day") == "2026-05-19"
    assert read(tmp_path / "landing" / "wecom__messages" / "*.parquet", "msgid") == [("a",), ("b",)]
    assert read(tmp_path / "day" / "wecom__messages" / "*.parquet", "msgid") == [("c",)]
    earlier = "2026-05-19 02:00:00"
    assert read(tmp_path / "landing" / "wecom__group_events" / "*.parquet", "x, _exported_at") == [
        ("none", earlier), ("old", earlier),
    ]  # fmt: skip
    assert read(tmp_path / "day" / "wecom__group_events" / "*.parquet", "x") == [("new",)]
    assert read(tmp_path / "landing" / "wecom__customers" / "*.parquet", "_exported_at") == [(earlier,)]
    assert not (tmp_path / "day" / "wecom__customers").exists()


def test_copies_share_no_key_and_say_nothing_where_the_first_does(bench, tmp_path):
    cells = "values ('wr1', 'wm_1,wm_2', '5'), ('——', '', '6')"
    write(
        tmp_path / "wecom__group_events", "base", f"select * from ({cells}) as t (ChatId, MemChangeList, MemChangeCnt)"
    )
    write(tmp_path / "manual__products", "base", "select 'P1' as product_id")
    bench("copies").multiply(tmp_path, 3)
    copy = tmp_path / "wecom__group_events" / "base_2.parquet"
    assert read(copy, "ChatId, MemChangeList, MemChangeCnt") == [("wr1x2", "wm_1x2,wm_2x2", "5"), ("——", "", "6")]
    assert [file.name for file in (tmp_path / "manual__products").iterdir()] == ["base.parquet"]


def test_every_key_of_the_exports_is_told_apart(bench):
    copies = bench("copies")
    columns = {
        name
        for file in (ROOT / "seeds" / "exports").glob("*.csv") if file.stem not in copies.ONCE
        for name in file.open(encoding="utf-8-sig").readline().strip().replace('"', "").split(",")
    }  # fmt: skip
    assert columns >= copies.KEYS | copies.LISTS


def test_models_between_what_is_given_and_the_daily_tables(bench):
    def model(name: str, *sources: str) -> dict:
        return {"name": name, "resource_type": "model", "depends_on": {"nodes": [f"model.p.{s}" for s in sources]}}

    nodes = [
        model("raw"),
        model("given", "raw"),
        model("step", "raw", "given"),
        model("daily", "step"),
        model("aside", "raw"),
    ]
    manifest = {"nodes": {f"model.p.{node['name']}": node for node in nodes}}
    between = bench("scale").between
    assert between(manifest, ("daily",), ("given",)) == ["daily", "raw", "step"]
    with pytest.raises(SystemExit, match="gone"):
        between(manifest, ("daily",), ("gone",))


def test_the_daily_tables_and_what_is_given_are_models(bench):
    manifest = ROOT / "target" / "manifest.json"
    if not manifest.is_file():
        pytest.skip("target/manifest.json is missing: run `make test-build` or `.venv/bin/dbt parse`")
    scale = bench("scale")
    found = scale.between(json.loads(manifest.read_text(encoding="utf-8")))
    assert {"base_wecom__messages", "int_memberships_described", "int_orders_attributed"} <= set(found)


def test_measured_is_the_whole_process_and_its_spilled_files(bench, tmp_path):
    measure = bench("measuring").measure
    code = (
        "import pathlib, sys, time; x = bytearray(200_000_000); sum(range(3_000_000)); "
        "pathlib.Path('spill').mkdir(); pathlib.Path('spill/part').write_bytes(x[:50_000_000]); time.sleep(0.5); "
        "sys.exit(3)"
    )
    cost, is_done = measure(
        [sys.executable, "-c", code], dict(os.environ), tmp_path / "log", tmp_path, tmp_path / "spill"
    )
    assert not is_done
    assert cost.cpu > 0.05
    assert cost.peak > 180
    assert 45 < cost.spilled < 60


def test_hand_written_tables_equal_the_marts_at_once_and_by_day(bench, tmp_path):
    if not WAREHOUSE.is_file():
        pytest.skip("no built warehouse: run `make test-build`")
    by_hand = bench("by_hand")
    with duckdb.connect(config={"threads": 2}) as db:
        for name in by_hand.EXPORTS.values():
            (tmp_path / name).mkdir()
            rows = f"from read_csv('{ROOT}/seeds/exports/{name}.csv', all_varchar = true)"
            is_last = "_exported_at >= '2026-05-15'" if name == "wecom__messages" else "false"
            db.execute(f"copy ({rows} where not {is_last}) to '{tmp_path / name}/base.parquet'")
            if name == "wecom__messages":
                db.execute(f"copy ({rows} where {is_last}) to '{tmp_path / name}/day.parquet'")
                assert db.execute(f"select count(*) from '{tmp_path / name}/day.parquet'").fetchall()[0][0] > 100
        db.execute(f"set TimeZone = 'Asia/Shanghai'; attach '{WAREHOUSE}' as built (read_only)")
        check = (by_hand.HANDWRITTEN / "check.sql").read_text(encoding="utf-8")
        by_hand.make(db, tmp_path, only_day=False)
        at_once = dict(db.execute(check).fetchall())
        assert len(at_once) == 6
        assert not any(at_once.values()), at_once
        # the first days, then the last ones
        db.execute("drop table kept; drop table recalls; drop table message_hours; drop table speaker_days")
        (tmp_path / "wecom__messages" / "day.parquet").rename(tmp_path / "later.parquet")
        by_hand.make(db, tmp_path, only_day=False)
        before = dict(db.execute(check).fetchall())
        (tmp_path / "later.parquet").rename(tmp_path / "wecom__messages" / "day.parquet")
        by_hand.make(db, tmp_path, only_day=True)
        after = dict(db.execute(check).fetchall())
    assert before["message_hours"] > 0
    assert not any(after.values()), after


def test_results_of_a_failed_step_are_kept(bench, tmp_path, monkeypatch):
    scale = bench("scale")
    here = scale.Bench(0, tmp_path, None, "1GB")
    assert here.environment["COMMUNITY_METRICS_MEMORY"] == "1GB"
    failed = here.run([sys.executable, "-c", "raise SystemExit('no such thing')"])
    assert failed["failed"] == ["no such thing"]
    assert json.dumps(failed)


def test_ratios_leave_out_what_dbt_costs_by_itself_and_what_failed(bench):
    scale = bench("scale")

    def cost(cpu: float, **more: object) -> dict:
        return {"cpu": cpu, "wall": 1, "peak": 100, "spilled": 0} | more

    results = {
        "0": {"models": cost(10)},
        "10": {"models": cost(26), "hand": cost(8), "tests": cost(5, failed=["killed"])},
        "50": {"models": cost(58), "hand": cost(32), "tests": cost(7, failed=["alarm"], bad=["a_test"])},
    }
    rows = {tuple(line.split(" | ")[:2]): line.split(" | ")[2:] for line in scale.markdown(results).splitlines()[2:]}
    assert rows["| 10", "models"][:4] == ["26.0", "16.0", "2.00", "-"]
    assert rows["| 50", "models"][:4] == ["58.0", "48.0", "1.50", "3.00"]
    assert rows["| 10", "tests"][1] == "failed"  # the process, not a test
    assert rows["| 50", "tests"][1] == "7.0"


def test_what_spark_shuffled_is_read_from_its_event_log(bench, tmp_path):
    engines = bench("engines")
    task = {"Shuffle Write Metrics": {"Shuffle Bytes Written": 3 * 2**20}, "Disk Bytes Spilled": 2**20}
    lines = [
        {"Event": "SparkListenerTaskEnd", "Task Metrics": task},
        {"Event": "SparkListenerTaskEnd", "Task Metrics": task},
        {"Event": "SparkListenerTaskEnd", "Task End Reason": {"Reason": "ExecutorLostFailure"}},
        {"Event": "SparkListenerStageCompleted", "Task Metrics": task},
    ]
    (tmp_path / "eventlog_v2_app").mkdir()
    text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    (tmp_path / "eventlog_v2_app" / "events_1_app").write_text(text, encoding="utf-8")
    assert engines.written(tmp_path) == {"shuffled": 6, "spilled": 2}


def test_a_watch_counts_what_processes_start_and_what_has_ended(bench):
    engines = bench("engines")
    busy = "import time\nwhile time.process_time() < 0.3: pass\nprint()\ntime.sleep(60)"
    starts = f"import subprocess, sys, time; subprocess.Popen((sys.executable, '-c', {busy!r})).wait()"
    with subprocess.Popen((sys.executable, "-c", starts), stdout=subprocess.PIPE) as process:
        watch = engines.Watch([process.pid])
        with watch.running():
            process.stdout.readline()
        for child in engines.psutil.Process(process.pid).children():
            child.kill()
    assert watch.cpu > 0.25
    assert watch.peak > 5
