"""The project on landed exports: same numbers as the seeds, and what was not landed is unknown, not zero."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from kpi.ingest.landing import Landing
from kpi.ingest.manifest import MANIFEST, LandedFile
from kpi.ingest.parts import LINEAGE, PartWriter

ROOT = Path(__file__).parents[2]
ABSENT = ("wecom__messages", "manual__costs", "oceanengine__daily", "referral__records")
IN_PARQUET = ("wecom__group_events", "youzan__orders")
IN_MANIFEST = ("wecom__group_members", "youzan__order_lines", "manual__communities")

UNKNOWN = [
    "messages", "effective_messages", "speakers", "interaction_rate", "messages_per_member",
    "community_cost", "acquisition_cost", "community_roas", "cost_to_sales_ratio",
    "successful_referrals", "referrers",
]  # fmt: skip
KNOWN = [
    "new_memberships",
    "leaves",
    "memberships",
    "members",
    "leave_rate",
    "orders",
    "buyers",
    "net_sales",
]


def ingest(landing: Path, *exports: str) -> None:
    """Land seeds as `kpi ingest` does, each in two parts, and leave a part beside them that is not live."""
    with Landing.locked(landing) as locked, locked.rewrite() as change:
        for number, export in enumerate(exports):
            rows = duckdb.sql(f"from read_csv('{ROOT}/seeds/exports/{export}.csv', all_varchar = true)").arrow()
            rows = pa.table(rows.read_all() if hasattr(rows, "read_all") else rows)
            columns = [name for name in rows.column_names if name not in LINEAGE]
            for half, chunk in enumerate((rows.slice(0, rows.num_rows // 2), rows.slice(rows.num_rows // 2))):
                sha256 = f"{number}{half}".rjust(64, "0")[::-1]
                writer = PartWriter(change.work, export, columns, None, sha256)
                for batch in chunk.to_batches():
                    writer.write(batch)
                time = "2026-06-03 08:00:00"
                change.add(LandedFile(f"{export}/{half}", sha256, 1, 1, time, parts=tuple(writer.close(time))))
    part = next(landing.glob("*/exported_on=*/*.parquet"))
    shutil.copy(part, part.with_name("feedfeedfeedfeed-1.parquet"))


def rows_of(project, model: str) -> int:
    with duckdb.connect(str(project.folder / "warehouse" / "community_metrics.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(f"select count(*) from staging.{model}").fetchall()[0][0]


@pytest.fixture(scope="module")
def landed_answers(tmp_path_factory, project_copy):
    """Metrics by month over exports landed by hand and by ingest, some exports absent: {metric: {month: value}}."""
    landing = tmp_path_factory.mktemp("landing")
    for seed in (ROOT / "seeds" / "exports").glob("*.csv"):
        if seed.stem in IN_PARQUET:
            duckdb.sql(f"copy (from read_csv('{seed}', all_varchar = true)) to '{landing / seed.stem}.parquet'")
        elif seed.stem not in ABSENT + IN_MANIFEST:
            shutil.copy(seed, landing)
    ingest(landing, *IN_MANIFEST)
    # the same rows are bad here; who landed them acknowledges them beside them
    shutil.copy(ROOT / "seeds" / "reference" / "acknowledged_quarantine.csv", landing)
    project = project_copy(tmp_path_factory.mktemp("project"), exports=landing)
    questions = [(metric, "metric_time__month") for metric in UNKNOWN + KNOWN] + [("join_rate", "channel")]
    # what the questions need, half of the project; test_coverage builds all of it, with more exports absent
    asked = [f"+metric:{metric}" for metric, _ in questions]
    built = project.dbt("build", "--exclude-resource-type", "test", "unit_test", "--select", *asked, "+dim_dates")
    assert built.returncode == 0, built.stdout
    return project.ask(questions)


@pytest.mark.parametrize("metric", UNKNOWN)
def test_metric_of_an_absent_export_is_unknown(landed_answers, metric):
    assert landed_answers[metric] == {}


@pytest.mark.parametrize("metric", KNOWN)
def test_metric_of_landed_exports_equals_the_truth(landed_answers, metric):
    with (ROOT / "tests" / "truth" / "metrics.csv").open(encoding="utf-8", newline="") as file:
        truth = {
            row["period_start"]: float(row["value"])
            for row in csv.DictReader(file)
            if row["metric"] == metric and row["grain"] == "month"
            if not (row["community_id"] or row["channel_id"] or row["segment"])
        }
    assert landed_answers[metric] == pytest.approx(truth, rel=1e-9)


def test_join_rate_leaves_out_channels_whose_export_is_absent(landed_answers):
    with (ROOT / "seeds" / "exports" / "manual__channels.csv").open(encoding="utf-8", newline="") as file:
        reported = {row["channel_id"] for row in csv.DictReader(file) if row["source_system"] == "tencent_ads"}
    assert set(landed_answers["join_rate"]) == {channel[:10] for channel in reported}


@pytest.mark.parametrize(
    ("file", "message"),
    [(None, ": no exports found"), ("wecom_group_members.csv", "wecom_group_members.csv: the name is no export")],
)
def test_directory_without_exports_or_with_a_misnamed_file_stops_the_build(tmp_path, project_copy, file, message):
    landing = tmp_path / "landing"
    landing.mkdir()
    if file:
        (landing / file).write_text("chat_id\n", encoding="utf-8")
    project = project_copy(tmp_path, exports=landing)
    outcome = project.dbt("--no-write-json", "run", "--select", "base_wecom__staff")
    assert outcome.returncode != 0
    assert message in outcome.stdout
    assert "wecom__group_members" in outcome.stdout


def test_manifest_says_what_is_live_and_nothing_counts_twice(tmp_path, project_copy):
    landing = tmp_path / "landing"
    landing.mkdir()
    ingest(landing, "wecom__staff", "youzan__orders")
    shutil.copy(ROOT / "seeds" / "exports" / "manual__channels.csv", landing)
    project = project_copy(tmp_path, exports=landing)
    select = ("--select", "base_wecom__staff", "base_manual__channels", "base_referral__records")
    outcome = project.dbt("--no-write-json", "run", *select)
    assert outcome.returncode == 0, outcome.stdout
    with (ROOT / "seeds" / "exports" / "wecom__staff.csv").open(encoding="utf-8", newline="") as file:
        assert rows_of(project, "base_wecom__staff") == len(list(csv.reader(file))) - 1
    assert rows_of(project, "base_manual__channels") > 0
    assert rows_of(project, "base_referral__records") == 0

    shutil.copy(ROOT / "seeds" / "exports" / "wecom__staff.csv", landing)
    outcome = project.dbt("--no-write-json", "run", *select)
    assert outcome.returncode != 0
    assert "wecom__staff.csv: put by hand beside what kpi ingest landed" in outcome.stdout
    (landing / "wecom__staff.csv").unlink()

    manifest = landing / MANIFEST
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"format": 1', '"format": 9'), encoding="utf-8")
    outcome = project.dbt("--no-write-json", "run", *select)
    assert outcome.returncode != 0
    assert "written by another version of kpi ingest (format 9)" in outcome.stdout
