"""The numbers that the README prints are those of the committed demo."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_scorecard_by_month_is_what_the_metrics_say(semantic_layer):
    block = re.search(r"--metrics (\S+)\nmetric_time__month[^\n]*\n-[^\n]*\n(.*?)```", README, re.DOTALL)
    metrics = block.group(1).split(",")
    printed = {line.split()[0]: [float(cell) for cell in line.split()[1:]] for line in block.group(2).splitlines()}
    answer = semantic_layer.query(metrics, ["metric_time__month"])
    at = [answer.columns.index(metric) for metric in metrics]
    actual = {row[0].isoformat(): [round(float(row[i]), 3) for i in at] for row in answer.rows}
    assert printed == actual


def test_table_of_the_nine_kpis_is_what_the_metrics_say(semantic_layer):
    month = re.search(r"\| demo, (\d{4}-\d{2}) \|", README).group(1)
    rows = re.findall(r"^\|[^|]*\|[^|]*\| `(\w+)` \|[^|]*\| ([^|<]+) \|$", README, re.MULTILINE)
    assert len(rows) >= 10
    for metric, printed in rows:
        values = semantic_layer.query([metric], ["metric_time__month"]).by_key(["metric_time__month"], metric)
        actual = next(float(value) for key, value in values.items() if key[0].isoformat().startswith(month))
        digits = re.sub(r"[^\d.]", "", printed)
        decimals = len(digits.partition(".")[2])
        shown = actual * (100 if "%" in printed else 1)
        assert f"{shown:.{decimals}f}" == digits, f"{metric}: README {printed}, metric {actual}"


def test_segments_are_what_the_metrics_say(semantic_layer):
    month = re.search(r"\| demo, (\d{4}-\d{2}) \|", README).group(1)
    keys = ["metric_time__month", "member_snapshot__user_segment_label"]
    for metric, factor, decimals in (("segment_members", 1, 0), ("segment_share", 100, 1)):
        cell = re.search(rf"`{metric}` \|[^|]*\| ([^|]+) \|", README).group(1)
        printed = {part.split()[0]: part.split()[1].replace(",", "") for part in cell.split("<br>")}
        values = semantic_layer.query([metric], keys).by_key(keys, metric)
        actual = {
            key[1]: f"{float(value) * factor:.{decimals}f}"
            for key, value in values.items()
            if key[0].isoformat().startswith(month) and value is not None
        }
        assert printed == actual


def test_sizes_are_those_of_the_committed_exports():
    files = list((ROOT / "seeds" / "exports").glob("*.csv"))
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    assert re.findall(r"are (\d+) files of ([\d.]+) MB", README) == [(str(len(files)), f"{megabytes:.1f}")]
    assert re.findall(r"all\s+(\d+) exports", README) == [str(len(files))]


def test_share_of_the_catalogue_is_what_the_project_has():
    manifest = ROOT / "target" / "manifest.json"
    if not manifest.is_file():
        pytest.skip("target/manifest.json is missing: run `make test-build` or `.venv/bin/dbt parse`")
    names = {metric["name"] for metric in json.loads(manifest.read_text(encoding="utf-8"))["metrics"].values()}
    with (ROOT / "docs" / "reference" / "kpi-catalogue.csv").open(encoding="utf-8", newline="") as file:
        stages = {row["metric"]: row["stage"] for row in csv.DictReader(file)}
    there = Counter(stage for metric, stage in stages.items() if metric in names)
    meant = {stage: (str(there[stage]), str(count)) for stage, count in Counter(stages.values()).items()}
    table = re.findall(r"^\| \S+ (\w+) \| (\d+) of (\d+) \|", README, re.MULTILINE)
    assert {stage: (here, whole) for stage, here, whole in table} == meant
    assert set(re.findall(r"(\d+) of the (\d+) metrics", README)) == {(str(sum(there.values())), str(len(stages)))}
