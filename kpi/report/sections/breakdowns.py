"""What makes up a figure of the period: content by type, sales by shop and hour, cost by kind."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from kpi.labels import load_labels
from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.sections.hours import recommended, spans
from kpi.report.texts import Text, same

CONTENT, SHOP, KIND, HOUR = "content__content_type", "sale__shop_system", "cost_day__cost_kind", "sale__paid_hour"


def content(ctx: Context) -> Section | None:
    """Click-through of each type of content, with the views that it rests on."""
    rows = _named(ctx, "content_effect", CONTENT, "click_through_rate")
    if not rows:
        return None
    best = rows[0]
    rate = ctx.show(best["click_through_rate"], "click_through_rate")
    finding = Text(
        f"点击率最高的是“{_name(CONTENT, best).zh}”，{rate.zh}，{best['content_views']:,.0f} 次浏览",
        f"Highest click-through: “{_name(CONTENT, best).en}”, {rate.en} of {best['content_views']:,.0f} views",
    )
    note = Text(
        f"条长是点击率；浏览不到 {figures.SMALL} 次的用灰色。浏览与点击是次数，不是人数。",
        f"Bars are click-through rates; grey below {figures.SMALL} views. Views and clicks are times, not persons.",
    )
    chart = _ranked(ctx, "content-chart", rows, (CONTENT, "click_through_rate", "content_views"), finding, note)
    return Section("content", Text("内容", "Content"), [chart])


def sales(ctx: Context) -> Section | None:
    """Net sales by shop and cost by kind, side by side, and the hours in which people pay."""
    charts = [chart for chart in (_shops(ctx), _costs(ctx), _hours(ctx)) if chart is not None]
    return Section("sales", Text("销售与投入", "Sales and cost"), charts) if charts else None


def _shops(ctx: Context) -> Chart | None:
    rows = _named(ctx, "sales_by_shop", SHOP, "net_sales")
    if not rows:
        return None
    first, amount = _name(SHOP, rows[0]), ctx.show(rows[0]["net_sales"], "net_sales")
    finding = Text(f"{first.zh}卖得最多，{amount.zh}", f"{first.en} sold most, {amount.en}")
    note = Text(
        "条长是营销额（净额）；人数、笔单价等在数据表里。", "Bars are net sales; persons and prices are in the table."
    )
    return _ranked(ctx, "shops-chart", rows, (SHOP, "net_sales", "orders"), finding, note, half=True)


def _costs(ctx: Context) -> Chart | None:
    rows = _named(ctx, "costs_by_kind", KIND, "community_cost")
    if not rows:
        return None
    first, amount = _name(KIND, rows[0]), ctx.show(rows[0]["community_cost"], "community_cost")
    finding = Text(f"最大的一项投入是{first.zh}，{amount.zh}", f"Largest cost: {first.en}, {amount.en}")
    note = Text("各项之和是社群投入，不含商品成本。", "They add up to the community cost; cost of goods is not in it.")
    return _ranked(ctx, "costs-chart", rows, (KIND, "community_cost", None), finding, note, half=True)


def _hours(ctx: Context) -> Chart | None:
    """Orders by hour: each order is in one row, so they add up over weekdays."""
    by_hour: dict[int, float] = defaultdict(float)
    for row in ctx.at(ctx.saved("order_hours") or []):
        if row["orders"] is not None:
            by_hour[int(row[HOUR])] += row["orders"]
    total = sum(by_hour.values())
    if not total:
        return None
    most = recommended(by_hour)
    share = figures.show(sum(by_hour[hour] for hour in most) / total, "share")
    finding = Text(
        f"{spans(most).zh}下单最多，占订单的 {share.zh}",
        f"Most orders are paid at {spans(most).en}, {share.en} of all",
    )
    table = Table(
        Text("各小时订单数", "Orders by hour"),
        [Text("小时", "Hour"), ctx.label("orders")],
        [[Cell(f"{hour}:00"), number(f"{by_hour.get(hour, 0):,.0f}")] for hour in range(24)],
    )
    bars = [
        {"name": str(hour), "value": value, "text": figures.show(value, "count"), "here": hour in most}
        for hour, value in ((hour, by_hour.get(hour, 0)) for hour in range(24))
    ]
    note = Text(
        f"按支付时间，共 {total:,.0f} 笔有效订单；深色是最多的三个小时。",
        f"By time of payment, {total:,.0f} valid orders; dark: the three hours with the most.",
    )
    return Chart(
        *("order-hours-chart", "columns", finding, table, {"name": ctx.label("orders"), "bars": bars}, note),
        height=240,
    )


def _named(ctx: Context, query: str, dimension: str, metric: str) -> list[dict[str, Any]]:
    """Rows of the period that have a name and a figure, largest first; the blank name holds the zeros of empty days."""
    rows = [row for row in ctx.at(ctx.saved(query) or []) if row[dimension] is not None and row[metric] is not None]
    return sorted(rows, key=lambda row: (-row[metric], str(row[dimension])))


def _name(dimension: str, row: dict[str, Any]) -> Text:
    known = load_labels().dimensions[dimension].values.get(str(row[dimension]))
    return Text(*known) if known else same(row[dimension])


def _ranked(
    ctx: Context,
    chart: str,
    rows: list[dict[str, Any]],
    columns: tuple[str, str, str | None],
    finding: Text,
    note: Text,
    *,
    half: bool = False,
) -> Chart:
    """Bars of one metric by a dimension, with another one behind each; the table has all metrics of the rows."""
    dimension, metric, beside = columns
    metrics = [name for name in rows[0] if "__" not in name]
    table = Table(
        finding,
        [
            Text(load_labels().dimensions[dimension].zh, load_labels().dimensions[dimension].en),
            *map(ctx.label, metrics),
        ],
        [
            [
                Cell(_name(dimension, row)),
                *(missing() if row[name] is None else number(ctx.show(row[name], name)) for name in metrics),
            ]
            for row in rows
        ],
    )
    bars = [
        {
            **{"name": _name(dimension, row), "value": row[metric], "text": ctx.show(row[metric], metric)},
            "beside": ctx.label(beside) + Text(" ", " ") + ctx.show(row[beside], beside) if beside else None,
            "thin": dimension == CONTENT and (row[beside] or 0) < figures.SMALL,
        }
        for row in rows
    ]
    return Chart(chart, "ranked", finding, table, {"bars": bars}, note, height=60 + 32 * len(bars), half=half)
