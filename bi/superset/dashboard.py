"""What the dashboard shows, written as a bundle that Superset imports over what it has.

Every object has an id that follows from its name, so importing twice is importing once. Names, units and
definitions of metrics come from the published file; here stands which metric is shown where.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import yaml

HERE = Path(__file__).parent
SLUG = "nine-kpis"
TITLE = "九项关键指标"
DATABASE = "社群指标 community metrics"
CARDS = (  # the nine of README.md; a goal with several numbers has a card for each
    *("join_rate", "leave_rate", "interaction_rate", "messages"),
    *("messages_per_member", "membership_retention_rate_d1", "membership_retention_rate_d7"),
    *("membership_retention_rate_d30", "order_conversion_rate", "revenue_per_buyer", "community_roas"),
    "cost_to_sales_ratio",
)
COMPARED = ("leave_rate", "interaction_rate", "membership_retention_rate_d7", "order_conversion_rate")
SEGMENTS = ("segment_members", "segment_share")
METRICS = CARDS + SEGMENTS

# What a chart calls the columns that a reader sees.
WORDS = {"part": "名称", "label": "指标", "period_label": "周期", "weekday_label": "星期", "hour_label": "时"}
# How d3 prints a unit of metric_definitions.
FORMATS = {"share": ".1%", "rate": ".2%", "count": ",d", "yuan": "$,.2f", "ratio": ",.2f", "per_person": ",.2f"}

# A chart shows stored cells. Where it would have to make one figure of two, it fails instead.
CELL = """case
    when count(*) <= 1 then max(value)
    else error('a figure of several cells: filter by metric, grain and dimension, never add up')
end"""


class DashboardError(RuntimeError):
    """The dashboard cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Metric:
    """What the published file says of a metric."""

    label: str
    label_en: str
    unit: str
    definition: str


@dataclass(frozen=True)
class Chart:
    """A chart, in this project's words.

    Attributes:
        key: its name within the dashboard; its id follows from it.
        title: in Chinese.
        about: in English.
        kind: Superset's name of the visualisation.
        where: which rows of the dataset, by column.
        by: the columns that tell one cell from another.
        look: what Superset calls the rest.
        dataset: the stem of the file with its SQL.
    """

    key: str
    title: str
    about: str
    kind: str
    where: Mapping[str, str | tuple[str, ...]]
    by: tuple[str, ...]
    look: Mapping[str, Any] = field(default_factory=dict)
    dataset: str = "cells"

    @property
    def uuid(self) -> UUID:
        """Its id in every Superset."""
        return identity("chart", self.key)

    def params(self) -> dict[str, Any]:
        """What the page draws from."""
        filters = [
            {
                "clause": "WHERE",
                "expressionType": "SIMPLE",
                "subject": column,
                "operator": "==" if isinstance(value, str) else "IN",
                "operatorId": "EQUALS" if isinstance(value, str) else "IN",
                "comparator": value if isinstance(value, str) else list(value),
            }
            for column, value in self.where.items()
        ]
        return {"viz_type": self.kind, "adhoc_filters": filters, "row_limit": 10000, **self.look}

    def query(self) -> dict[str, Any]:
        """The same question for the API, which the check of the figures asks."""
        filters = [
            {"col": f["subject"], "op": f["operator"], "val": f["comparator"]} for f in self.params()["adhoc_filters"]
        ]
        query = {"columns": list(self.by), "metrics": ["cell"], "filters": filters, "orderby": [], "row_limit": 10000}
        return {"queries": [query], "result_format": "json", "result_type": "full", "force": True}


def identity(kind: str, name: str) -> UUID:
    """The id of an object, the same for everybody."""
    return uuid5(NAMESPACE_URL, f"community-metrics/superset/{kind}/{name}")


def charts(metrics: Mapping[str, Metric]) -> list[Chart]:
    """The charts in the order in which they stand.

    Args:
        metrics: definitions by id, at least of ``METRICS``.
    """
    month = {"grain": "month", "dimension": "all"}
    cards = [
        Chart(
            metric,
            metrics[metric].label,
            f"{metrics[metric].label_en}. {metrics[metric].definition}",
            "big_number",
            {"metric_id": metric, **month},
            ("period_start",),
            {
                "metric": "cell",
                "x_axis": "period_start",
                "time_grain_sqla": None,
                "aggregation": "LAST_VALUE",
                "compare_lag": 1,
                "compare_suffix": "环比",
                "show_timestamp": True,
                "show_trend_line": True,
                "start_y_axis_at_zero": False,
                "header_font_size": 0.4,
                "subheader_font_size": 0.15,
                "time_format": "%Y-%m",
                "y_axis_format": FORMATS[metrics[metric].unit],
                "color_picker": {"r": 15, "g": 118, "b": 110, "a": 1},
            },
        )
        for metric in CARDS
    ]
    segments = {"grain": "month", "dimension": "member_snapshot__user_segment"}
    lines = {
        "metrics": ["cell"],
        "time_grain_sqla": None,
        "x_axis_sort_asc": True,
        "x_axis_title_margin": 15,
        "y_axis_title_margin": 15,
        "show_legend": True,
        "legendOrientation": "top",
        "legendType": "scroll",
        "rich_tooltip": True,
        "truncateXAxis": False,
        "color_scheme": "supersetColors",
    }
    return [
        *cards,
        Chart(
            "segment_share",
            metrics["segment_share"].label + "（各月）",
            f"{metrics['segment_share'].label_en} by month. {metrics['segment_share'].definition}",
            "echarts_timeseries_bar",
            {"metric_id": "segment_share", **segments},
            ("period_label", "part"),
            {
                **lines,
                "x_axis": "period_label",
                "groupby": ["part"],
                "stack": "Stack",
                "y_axis_format": ".0%",
                "y_axis_bounds": [0, 1],
                "truncateYAxis": True,
                "sort_series_type": "name",
                "sort_series_ascending": True,
            },
        ),
        Chart(
            "segment_members",
            metrics["segment_members"].label + "（最近一月）",
            f"{metrics['segment_members'].label_en}, last complete month. {metrics['segment_members'].definition}",
            "echarts_timeseries_bar",
            {"metric_id": "segment_members", **segments, "recency": "latest"},
            ("part",),
            {
                **lines,
                "x_axis": "part",
                "groupby": [],
                "orientation": "horizontal",
                "x_axis_sort_asc": False,
                "y_axis_format": ",d",
                "show_value": True,
                "show_legend": False,
            },
        ),
        Chart(
            "rates_by_week",
            "互动率与退群率（各周）",
            "Interaction rate and leave rate by week that is over.",
            "echarts_timeseries_line",
            {"metric_id": ("interaction_rate", "leave_rate"), "grain": "week", "dimension": "all"},
            ("period_label", "label"),
            {**lines, "x_axis": "period_label", "groupby": ["label"], "y_axis_format": ".1%", "markerEnabled": True},
        ),
        Chart(
            "message_hours",
            "消息时间分布（最近一月）",
            "Messages by weekday and hour, last complete month. Empty: nobody wrote, or withheld.",
            "heatmap_v2",
            {"recency": "latest"},
            ("hour_label", "weekday_label"),
            {
                "metric": "cell",
                "x_axis": "hour_label",
                "groupby": "weekday_label",
                "time_grain_sqla": None,
                "sort_x_axis": "alpha_asc",
                "sort_y_axis": "alpha_desc",
                "normalize_across": "heatmap",
                "linear_color_scheme": "blue_white_yellow",
                "legend_type": "continuous",
                "show_legend": False,
                "show_values": True,
                "y_axis_format": ",d",
                "value_bounds": [None, None],
                "border_color": {"r": 255, "g": 255, "b": 255, "a": 1},
                "border_width": 1,
            },
            "message_hours",
        ),
        Chart(
            "rates_by_community",
            "各社群（最近一月）",
            "Rates of each community, last complete month. Empty: unknown, or withheld because of few persons.",
            "pivot_table_v2",
            {
                "metric_id": (
                    "leave_rate",
                    "interaction_rate",
                    "membership_retention_rate_d7",
                    "order_conversion_rate",
                ),
                "grain": "month",
                "dimension": "community__community_name",
                "recency": "latest",
            },
            ("part", "label"),
            {
                "metrics": ["cell"],
                "groupbyRows": ["part"],
                "groupbyColumns": ["label"],
                "time_grain_sqla": None,
                "metricsLayout": "COLUMNS",
                "combineMetric": False,
                "rowOrder": "key_a_to_z",
                "colOrder": "key_a_to_z",
                "valueFormat": ".1%",
                "rowTotals": False,
                "colTotals": False,
            },
        ),
    ]


def layout(shown: list[Chart]) -> dict[str, Any]:
    """Where each chart stands on the grid of twelve columns."""
    by_key = {chart.key: chart for chart in shown}
    rows: list[tuple[int, list[tuple[str, int]]]] = [
        *((24, [(key, 3) for key in CARDS[start : start + 4]]) for start in range(0, len(CARDS), 4)),
        (44, [("segment_share", 7), ("segment_members", 5)]),
        (44, [("rates_by_week", 6), ("message_hours", 6)]),
        (60, [("rates_by_community", 12)]),
    ]
    places: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"], "children": []},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": f"{TITLE} The nine KPIs"}},
    }
    for number, (height, charts_of_row) in enumerate(rows, 1):
        row = f"ROW-{number}"
        places["GRID_ID"]["children"].append(row)
        places[row] = {
            "id": row,
            "type": "ROW",
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [f"CHART-{key}" for key, _ in charts_of_row],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for key, width in charts_of_row:
            places[f"CHART-{key}"] = {
                "id": f"CHART-{key}",
                "type": "CHART",
                "parents": ["ROOT_ID", "GRID_ID", row],
                "children": [],
                "meta": {
                    "uuid": str(by_key[key].uuid),
                    "sliceName": by_key[key].title,
                    "width": width,
                    "height": height,
                    "chartId": 0,  # Superset puts its own number in for the uuid
                },
            }
    return places


def connection(file: Path) -> dict[str, Any]:
    """The database: read-only, no other file within reach, no setting to change (docs/bi.md)."""
    sandbox = {"enable_external_access": "false", "lock_configuration": "true"}
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": f"duckdb:///{file}",
        "expose_in_sqllab": True,
        "allow_dml": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "extra": {"engine_params": {"connect_args": {"read_only": True, "config": sandbox}}},
        "uuid": str(identity("database", "published")),
        "version": "1.0.0",
    }


def dataset(name: str, columns: Mapping[str, str]) -> dict[str, Any]:
    """A dataset: the SQL of a file here, and the one figure that a chart may show of it.

    Args:
        name: stem of the file.
        columns: their types by name, as DuckDB describes the SQL.
    """
    return {
        "table_name": name,
        "description": "九项关键指标 Cells computed by MetricFlow: filter them, never add up",
        "sql": (HERE / f"{name}.sql").read_text(encoding="utf-8"),
        "main_dttm_col": "period_start",
        "columns": [
            {"column_name": column, "verbose_name": WORDS.get(column), "type": kind, "is_dttm": kind == "DATE"}
            | {"groupby": True, "filterable": True}
            for column, kind in columns.items()
        ],
        "metrics": [{"metric_name": "cell", "verbose_name": "数值", "expression": CELL, "description": "One cell"}],
        "uuid": str(identity("dataset", name)),
        "version": "1.0.0",
        "database_uuid": str(identity("database", "published")),
    }


def bundle(file: Path, metrics: Mapping[str, Metric], columns: Mapping[str, Mapping[str, str]]) -> bytes:
    """All objects as the archive that ``/api/v1/assets/import/`` takes.

    Args:
        file: the published file.
        metrics: definitions by id.
        columns: types of columns by dataset.
    """
    shown = charts(metrics)
    dashboard = {
        "dashboard_title": f"{TITLE} The nine KPIs",
        "description": "Months that are over. Every figure is a published cell, as MetricFlow computed it.",
        "slug": SLUG,
        "published": True,
        "css": (HERE / "dashboard.css").read_text(encoding="utf-8"),
        "position": layout(shown),
        "metadata": {"color_scheme": "supersetColors", "cross_filters_enabled": False, "refresh_frequency": 0},
        "uuid": str(identity("dashboard", SLUG)),
        "version": "1.0.0",
    }
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"},
        "databases/published.yaml": connection(file),
        "dashboards/nine_kpis.yaml": dashboard,
    }
    files |= {f"datasets/published/{name}.yaml": dataset(name, columns[name]) for name in columns}
    for chart in shown:
        files[f"charts/{chart.key}.yaml"] = {
            "slice_name": chart.title,
            "description": chart.about,
            "viz_type": chart.kind,
            "params": chart.params(),
            "query_context": json.dumps(chart.query(), ensure_ascii=False),
            "uuid": str(chart.uuid),
            "version": "1.0.0",
            "dataset_uuid": str(identity("dataset", chart.dataset)),
        }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(f"community_metrics/{name}", yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return archive.getvalue()
