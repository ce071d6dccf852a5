"""Staff by department, and targets with their attainment."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Listing, Section, Table, missing, number
from kpi.report.context import COMMUNITY, Context
from kpi.report.texts import Text, same

DEPARTMENT = "staff__department"
METRIC, KIND, TIME = "target__target_metric", "target__period_kind", "metric_time__month"
SHOWN = 16


def build(ctx: Context) -> Section | None:
    """What departments did, and how far targets are reached."""
    blocks = [block for block in (_targets(ctx), _departments(ctx)) if block is not None]
    if not blocks:
        return None
    lead = Text("按部门汇总，不列个人。", "By department; no single person is listed.")
    return Section("staff", Text("运营与目标", "Staff and targets"), blocks, lead)


def _departments(ctx: Context) -> Listing | None:
    weekly = ctx.metrics.has("operations_by_department_by_week")
    name = "operations_by_department_by_week" if ctx.period.grain == "week" and weekly else "operations_by_department"
    if ctx.community or not ctx.metrics.has(name, DEPARTMENT, ctx.time):
        return None
    rows = ctx.at(ctx.metrics.rows(name))
    metrics = [column for column in (rows[0] if rows else {}) if "__" not in column]
    rows = [row for row in rows if any(row[metric] is not None for metric in metrics)]
    if not rows:
        return None
    table = Table(
        Text("各部门本期数据", "Departments in this period"),
        [Text("部门", "Department"), *(ctx.label(metric) for metric in metrics)],
        [
            [
                Cell(row[DEPARTMENT] or Text("未知", "unknown")),
                *(missing() if row[m] is None else number(ctx.show(row[m], m)) for m in metrics),
            ]
            for row in rows
        ],
    )
    return Listing(table, Text("各部门", "Departments"))


def _of_whom(row: dict) -> Text:
    whom = [row[column] for column in (COMMUNITY, DEPARTMENT) if row.get(column)]
    return same("、".join(whom)) if whom else Text("全部", "All")


def _targets(ctx: Context) -> Chart | None:
    if not ctx.metrics.has("targets", METRIC, "target_attainment_rate", TIME):
        return None
    month = ctx.period.start.replace(day=1)
    rows = [
        row
        for row in ctx.metrics.rows("targets")
        if row[TIME] == month
        and row["target_value"] is not None
        and (not ctx.community or row.get(COMMUNITY) == ctx.community)
    ]
    known = [row for row in rows if row["target_attainment_rate"] is not None]
    if not known:
        return None
    rows.sort(
        key=lambda row: (
            row["target_attainment_rate"] is None,
            row["target_attainment_rate"] or 0,
            str(row[METRIC]),
            _of_whom(row).zh,
        )
    )
    reached = sum(row["target_attainment_rate"] >= 1 for row in known)
    whose = Text("整体、各社群与各部门", "of all together and of parts")
    if ctx.community:
        whose = Text("本群", "of this community")
    finding = Text(
        f"{whose.zh} {len(known)} 个可算的目标里 {reached} 个达成",
        f"{reached} of {len(known)} targets {whose.en} that can be judged are reached",
    )
    lowest = rows[0]
    if lowest["target_attainment_rate"] < 1:
        part, name, whom = (
            figures.show(lowest["target_attainment_rate"], "share"),
            ctx.label(lowest[METRIC]),
            _of_whom(lowest),
        )
        finding += Text(
            f"；最低的是{name.zh}（{whom.zh}），完成 {part.zh}", f"; lowest: {name.en} ({whom.en}) at {part.en}"
        )
    kinds = {"month": Text("月", "month"), "week": Text("周", "week")}
    table = Table(
        Text("目标与完成率", "Targets and attainment"),
        [
            Text("指标", "Metric"),
            Text("对象", "For"),
            Text("周期", "Period"),
            Text("目标", "Target"),
            Text("完成率", "Attainment"),
        ],
        [
            [
                *(
                    Cell(ctx.label(row[METRIC])),
                    Cell(_of_whom(row)),
                    Cell(kinds.get(row.get(KIND), same(row.get(KIND)))),
                ),
                number(ctx.show(row["target_value"], row[METRIC])),
                missing(
                    Text("实际值不可知，或比率目标不能相加", "actual not known, or a rate whose targets do not add up")
                )
                if row["target_attainment_rate"] is None
                else number(figures.show(row["target_attainment_rate"], "share")),
            ]
            for row in rows
        ],
    )
    drawn = [row for row in rows if row["target_attainment_rate"] is not None][:SHOWN]
    data = {
        "bars": [
            {
                "name": Text(
                    f"{ctx.label(row[METRIC]).zh} · {_of_whom(row).zh}",
                    f"{ctx.label(row[METRIC]).en} · {_of_whom(row).en}",
                ),
                "value": row["target_attainment_rate"],
                "text": figures.show(row["target_attainment_rate"], "share"),
            }
            for row in drawn
        ]
    }
    note = Text("竖线是目标的 100%。完成率最低的在上。", "The line is 100 % of the target; lowest attainment on top.")
    return Chart("targets-chart", "attainment", finding, table, data, note, height=80 + 28 * len(drawn))
