"""The published file, looked at as Superset will: with the same older DuckDB, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from bi.superset.dashboard import HERE, METRICS, Chart, DashboardError, Metric

DATASETS = ("cells", "message_hours")
PUBLISH = ".venv/bin/kpi export && .venv/bin/kpi publish --to {file}"
# What a chart tells its cells apart by, said again from the stored tables: the check shares no SQL with the datasets.
KEYS = {
    "period_start": "period_start",
    "period_label": "case grain when 'week' then strftime(period_start, '%G-W%V') "
    "else strftime(period_start, '%Y-%m') end",
    "label": "label",
    "part": "coalesce((select sort_order || ' ' || label_zh from reference.user_segments where "
    "dimension = 'member_snapshot__user_segment' and user_segment = dimension_value), dimension_value, '未知')",
}


def open_published(file: Path) -> duckdb.DuckDBPyConnection:
    """Open the file.

    Args:
        file: what ``kpi publish`` wrote.

    Raises:
        DashboardError: it is not there, is of a newer DuckDB or in use, or holds no metrics.
    """
    make = PUBLISH.format(file=file)
    if not file.is_file():
        raise DashboardError(f"{file}: 没有已发布的文件 no published file. Make it: make build && {make}")
    try:
        db = duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        if "version" in reason:
            raise DashboardError(
                f"{file}: 存储版本过新 written by a newer DuckDB than that of Superset\n"
                f"({duckdb.__version__}), as the warehouse itself is. It reads the published copy: {make}\n({reason})"
            ) from error
        raise DashboardError(f"{file}: 打不开 cannot be opened: {reason}") from error
    try:
        db.execute("select withheld from metrics.metric_values limit 0")
    except duckdb.Error as error:
        db.close()
        raise DashboardError(
            f"{file}: 不是 kpi publish 的文件 has no metrics of `kpi publish`. Make it: {make}"
        ) from error
    return db


def definitions(db: duckdb.DuckDBPyConnection) -> dict[str, Metric]:
    """What the file says of the metrics of the dashboard."""
    rows = db.execute(
        "select metric_id, label, label_en, unit, definition from metrics.metric_definitions "
        "where metric_id in (select unnest(?))",
        [list(METRICS)],
    ).fetchall()
    found = {row[0]: Metric(*row[1:]) for row in rows}
    if missing := [metric for metric in METRICS if metric not in found]:
        raise DashboardError(f"已发布的文件缺少指标 the published file lacks metrics: {', '.join(missing)}")
    return found


def columns(db: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Columns and types of each dataset, as DuckDB describes its SQL."""
    found = {}
    for name in DATASETS:
        sql = (HERE / f"{name}.sql").read_text(encoding="utf-8")
        try:
            found[name] = {row[0]: row[1] for row in db.execute(f"describe {sql}").fetchall()}
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise DashboardError(
                f"已发布的文件缺表 the published file is of another version: {name}.sql: {reason}"
            ) from error
    return found


def stored(db: duckdb.DuckDBPyConnection, chart: Chart) -> dict[tuple[object, ...], float | None]:
    """The figures that a chart has to show, from the stored tables alone, by what tells them apart."""
    if chart.dataset == "message_hours":
        rows = db.execute(
            """
            select
                printf('%02d时', message_hour__sent_hour),
                message_hour__sent_weekday || ' 周' || '一二三四五六日'[message_hour__sent_weekday],
                messages
            from metrics.message_hours
            where metric_time__month = (
                select max(period_start) from metrics.metric_values
                where metric_id = 'messages' and grain = 'month' and not is_partial
            ) and message_hour__sent_hour is not null
            """
        ).fetchall()
    else:
        of = chart.where["metric_id"]
        latest = "latest" if chart.where.get("recency") else "any"
        rows = db.execute(
            f"""
            select {", ".join(KEYS[column] for column in chart.by)}, value
            from metrics.metric_values as cells
            where metric_id in (select unnest($metrics)) and grain = $grain and dimension = $dimension
                and not is_partial
                and ($recency = 'any' or period_start = (
                    select max(period_start) from metrics.metric_values as others
                    where others.metric_id = cells.metric_id and others.grain = cells.grain and not others.is_partial
                ))
            """,
            {
                "metrics": [of] if isinstance(of, str) else list(of),
                "grain": chart.where["grain"],
                "dimension": chart.where["dimension"],
                "recency": latest,
            },
        ).fetchall()
    return {tuple(row[:-1]): row[-1] for row in rows}


def differences(
    expected: Mapping[tuple[object, ...], float | None], shown: Mapping[tuple[object, ...], float | None]
) -> list[str]:
    """Cells that a chart lacks, has too much or shows otherwise; money and rates come as doubles, so exactly."""
    return [
        f"{key}: stored {expected.get(key, 'nothing')}, shown {shown.get(key, 'nothing')}"
        for key in sorted(expected.keys() | shown.keys(), key=str)
        if key not in expected or key not in shown or expected[key] != shown[key]
    ]
