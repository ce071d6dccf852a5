"""The project on landed exports: same numbers as the seeds, and what was not landed is unknown, not zero."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
ABSENT = ("wecom__messages", "manual__costs", "oceanengine__daily", "referral__records")
IN_PARQUET = ("wecom__group_events", "youzan__orders")

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


@pytest.fixture(scope="module")
def landed_answers(tmp_path_factory, project_copy):
    """Metrics by month over exports landed as CSV and Parquet, some exports absent: {metric: {month: value}}."""
    landing = tmp_path_factory.mktemp("landing")
    for seed in (ROOT / "seeds" / "exports").glob("*.csv"):
        if seed.stem in IN_PARQUET:
            duckdb.sql(f"copy (from read_csv('{seed}', all_varchar = true)) to '{landing / seed.stem}.parquet'")
        elif seed.stem not in ABSENT:
            shutil.copy(seed, landing)
    # the same rows are bad here; who landed them acknowledges them beside them
    shutil.copy(ROOT / "seeds" / "reference" / "acknowledged_quarantine.csv", landing)
    project = project_copy(tmp_path_factory.mktemp("project"), exports=landing)
    built = project.dbt("build", "--exclude-resource-type", "test", "unit_test")
    assert built.returncode == 0, built.stdout
    questions = [(metric, "metric_time__month") for metric in UNKNOWN + KNOWN] + [("join_rate", "channel")]
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
    outcome = project.dbt("run", "--select", "base_wecom__staff")
    assert outcome.returncode != 0
    assert message in outcome.stdout
    assert "wecom__group_members" in outcome.stdout
