"""All tables of schema ``metrics`` with their comments, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from kpi.export.asks import SavedAsk
from kpi.export.catalogue import UNITS, Catalogue
from kpi.sql import literal, quoted

SCHEMA = "metrics"
NOT_WITHHELD = "For internal use: figures of few persons are not withheld here, as they are by kpi publish."
LONG = {
    "metric_id": "指标 id of the metric",
    "label": "指标名称 label in Chinese",
    "label_en": "英文名称 label in English",
    "stage": "阶段 stage: acquisition, activation, retention, monetization, advocacy, operations",
    "unit": "单位 unit: " + "; ".join(f"{unit} {text}" for unit, text in UNITS.items()),
    "direction": "方向 what is better: higher, lower, moderate, balanced, none",
    "grain": "周期 period: day, week (from Monday), month, quarter, year",
    "period_start": "周期首日 first day of the period",
    "period_end": "周期末日 last day of the period that counts, not after as_of",
    "dimension": "维度 MetricFlow's name of the dimension; all for the whole",
    "dimension_value": "维度值 its value; all for the whole, null for unknown or none",
    "value": "数值 the figure as MetricFlow computes it, as double (money too: exact to 15 digits); null is not known, "
    "see null_reason",
    "numerator": "分子 of a ratio, at the same cell; null for other metrics",
    "denominator": "分母 of a ratio, at the same cell; null for other metrics",
    "sample_size": "样本量 how many things the denominator counts; null where it counts none (money, averages)",
    "ci_low": "95% 置信下限 Wilson's interval, for proportions only",
    "ci_high": "95% 置信上限 Wilson's interval, for proportions only",
    "is_partial": "周期未完 the period is not over at as_of, or is not covered from its first to its last day",
    "is_provisional": "可能变动 later exports may still move the figure: cohort not matured, refunds still to come",
    "previous_value": "上一周期 (环比) the same figure one period before",
    "previous_year_value": "去年同期 (同比) the same figure in that period of the last year; weeks: 364 days before",
    "band_low": "同类下限 below it are 10 % of the peers' figures of the 12 periods before; peers of a community are "
    "of the same type and age, everything else is its own; null below 8 figures",
    "band_high": "同类上限 above it are 10 % of those figures",
    "band_n": "同类样本数 how many figures the band rests on",
    "target": "目标 metric target_value",
    "attainment": "完成率 metric target_attainment_rate",
    "status": "状态 on_target, off_target; without a target in_band, above_band, below_band; null: none can be said",
    "null_reason": "缺值原因 absent_export: … (no such export), not_covered (days outside of the exports), not_matured "
    "(cohort too young), zero_denominator, mixed_kinds (ask by its own dimension), not_known",
    "version": "口径版本 version of the metric's definition",
    "as_of": "数据截止日 last complete day of the exports",
}
DEFINITIONS = {
    "metric_id": "指标 id",
    "label": "指标名称 label in Chinese",
    "label_en": "英文名称 label in English",
    "stage": "阶段 stage",
    "unit": "单位 unit",
    "direction": "方向 what is better",
    "definition": "口径 what counts, what does not, when it is null",
    "formula": "公式 of which metrics it is made",
    "clock": "时间口径 the time by which it counts",
    "caveats": "注意 what it is not",
    "additivity": "可加性 over what it may be added up",
    "version": "口径版本 version of the definition",
    "source_documents": "来源文档 source documents that name it",
    "synonyms": "同义词 other names",
    "finest_grain": "最细周期 the shortest period that it can be asked for",
    "dimensions": "可拆维度 dimensions that it can be split by",
    "kind": "proportion where Wilson's interval is given; else null",
    "settles_after_days": "days after the end of a period until its figure stands still",
    "definition_zh": "中文口径 the definition in Chinese: 回答、计入 or 分子 and 分母、时间口径、空与零、注意",
    "formula_zh": "中文公式 the formula by labels",
    "clock_zh": "中文时间口径 the clock in Chinese",
    "caveats_zh": "中文注意 what it is not, in Chinese",
}
DIMENSIONS = {
    "dimension": "维度 MetricFlow's name",
    "label": "维度名称 label in Chinese",
    "label_en": "英文名称 label in English",
    "is_ordered": "有序 its values have an order",
}
LOG = {
    "table_name": "表 table of this schema",
    "rows": "行数 its rows",
    "as_of": "数据截止日 last complete day of the exports",
    "fingerprint": "口径指纹 hash of all definitions of the semantic layer: another one, another definition",
    "build": "构建编号 dbt's id of the build that the figures are of, as in quality.build_state",
}


@dataclass(frozen=True)
class Table:
    """A drafted table.

    Attributes:
        draft: where it stands in the in-memory database.
        comment: what it holds.
        columns: comments of its columns.
    """

    draft: str
    comment: str
    columns: Mapping[str, str] = field(default_factory=dict)


def long_table() -> Table:
    """``metric_values``."""
    return Table(
        "metric_values",
        "指标长表 One row per metric, period and value of a dimension; each figure computed by MetricFlow, none added "
        "up. " + NOT_WITHHELD,
        LONG,
    )


def saved_table(draft: str, ask: SavedAsk, catalogue: Catalogue, dimensions: Mapping[str, str]) -> Table:
    """The table of a saved query; its columns are labelled as metrics and dimensions are."""
    columns = {name: dimensions.get(name, "周期首日 first day of the period") for name in ask.group_by}
    for name in ask.metrics:
        metric = catalogue.metrics.get(name)
        columns[name] = f"{metric.label} ({metric.unit}). {metric.description}" if metric else name
    return Table(draft, f"{ask.label} {ask.description} {NOT_WITHHELD}".strip(), columns)


def tables_of(
    catalogue: Catalogue,
    saved: Sequence[SavedAsk],
    dimensions: Mapping[str, str],
    drafts: Mapping[str, str] | None = None,
) -> dict[str, Table]:
    """All tables but the log.

    Args:
        catalogue: the metrics.
        saved: saved queries.
        dimensions: labels of dimensions by name.
        drafts: where a saved query's draft stands, by its name.
    """
    tables = {
        query.name: saved_table((drafts or {}).get(query.name, ""), query, catalogue, dimensions) for query in saved
    }
    tables["metric_values"] = long_table()
    tables["metric_definitions"] = Table(
        "metric_definitions", "指标口径 One row per metric of the catalogue.", DEFINITIONS
    )
    tables["dimension_definitions"] = Table(
        "dimension_definitions", "维度 One row per dimension by which something is exported.", DIMENSIONS
    )
    return tables


def log_table() -> Table:
    """``export_log``."""
    return Table("export_log", "导出记录 One row per table of this schema.", LOG)


def write(db: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], name: str) -> None:
    """Replace schema ``metrics`` in the warehouse: all of it or nothing.

    Args:
        db: connection with the drafts, and the warehouse attached for writing.
        tables: drafts by the name that they get; other tables of the schema go.
        name: under which the warehouse is attached.
    """
    schema = f"{quoted(name)}.{SCHEMA}"
    db.execute("begin")
    try:
        db.execute(f"create schema if not exists {schema}")
        for table in sorted(_existing(db, name) - set(tables)):
            db.execute(f"drop table {schema}.{quoted(table)}")
        for title, table in tables.items():
            reached(title)
            target = f"{schema}.{quoted(title)}"
            db.execute(f"create or replace table {target} as from {table.draft}")
            for statement in commented(target, table):
                db.execute(statement)
        reached("commit")
        db.execute("commit")
    except BaseException:
        db.execute("rollback")
        raise


def reached(point: str) -> None:
    """Called before each step that a crash could tear apart; tests replace it to die there."""


def _existing(db: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    found = db.execute(
        "select table_name from duckdb_tables() where database_name = $1 and schema_name = $2", [name, SCHEMA]
    )
    return {table for (table,) in found.fetchall()}


def commented(target: str, table: Table) -> Iterable[str]:
    """The statements that give a table of DuckDB its comments."""
    yield f"comment on table {target} is {literal(table.comment)}"
    for column, comment in table.columns.items():
        yield f"comment on column {target}.{quoted(column)} is {literal(comment)}"


def draft_rows(
    db: duckdb.DuckDBPyConnection, draft: str, types: Mapping[str, str], rows: Sequence[Sequence[object]]
) -> None:
    """Make a draft of rows.

    Args:
        db: connection with the drafts.
        draft: its name.
        types: DuckDB's types by column.
        rows: values in the order of the columns.
    """
    columns = ", ".join(f"{quoted(column)} {kind}" for column, kind in types.items())
    db.execute(f"create or replace table {draft} ({columns})")
    if rows:
        db.executemany(f"insert into {draft} values ({', '.join('?' * len(types))})", rows)
