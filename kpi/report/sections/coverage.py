"""What the report rests on: as of when, which tables, and what is missing and why."""

from __future__ import annotations

from collections import defaultdict

from kpi.report import figures
from kpi.report.blocks import Cell, Listing, Note, Section, Table, number
from kpi.report.context import Context
from kpi.report.texts import Text, joined
from kpi.report.words import reason


def build(ctx: Context) -> Section:
    """Missing figures by reason, and the exported tables."""
    reasons: dict[str, list[Text]] = defaultdict(list)
    for metric, row in sorted(ctx.now.items()):
        if row.value is None:
            reasons[row.null_reason or ""].append(ctx.label(metric))
    blocks: list = [Note(_facts(ctx))]
    if reasons:
        rows = [
            [
                Cell(reason(code)),
                number(f"{len(labels)}"),
                Cell(joined(labels, "、", ", ")),
            ]
            for code, labels in sorted(reasons.items())
        ]
        head = [Text("原因", "Reason"), Text("个数", "Metrics"), Text("指标", "Which")]
        caption = Text("本期没有数值的指标", "Metrics without a figure in this period")
        blocks.append(Listing(Table(caption, head, rows), Text("缺什么，为什么", "What is missing, and why")))
    if ctx.metrics.has("export_log", "table_name", "rows"):
        log = ctx.metrics.rows("export_log")
        rows = [[Cell(row["table_name"]), number(f"{row['rows']:,}")] for row in log]
        table = Table(Text("导出的表", "Exported tables"), [Text("表", "Table"), Text("行数", "Rows")], rows)
        blocks.append(
            Listing(table, folded=Text(f"数据来源：{len(rows)} 张导出表", f"Source: {len(rows)} exported tables"))
        )
    return Section("coverage", Text("数据范围", "Coverage"), blocks)


def _facts(ctx: Context) -> Text:
    first = min((row.period_start for rows in ctx.series.values() for row in rows), default=None)
    until = figures.day(ctx.metrics.as_of)
    text = Text(f"数据截至 {until.zh}", f"Data until {until.en}")
    if first is not None:
        since = figures.day(first)
        text += Text(f"，最早的周期从 {since.zh}开始", f", first period from {since.en}")
    fingerprint = fingerprint_of(ctx)
    if fingerprint:
        text += Text(f"；口径版本 {fingerprint}", f"; definitions {fingerprint}")
    return text + Text("。一天指北京时间的一天，周从周一起。", ". Days are of Asia/Shanghai, weeks begin on Monday.")


def fingerprint_of(ctx: Context) -> str | None:
    """Fingerprint of the definitions that the figures were made with, shortened."""
    column = next((name for name in ctx.metrics.columns.get("export_log", ()) if "fingerprint" in name), None)
    if column is None:
        return None
    found = sorted({row[column] for row in ctx.metrics.rows("export_log") if row[column]})
    return found[0][:12] if found else None
