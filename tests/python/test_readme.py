"""The numbers that the README prints are those of the committed demo."""

from __future__ import annotations

import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


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
