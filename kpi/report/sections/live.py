"""Live sessions: viewers of each, those of the period beside the ones before."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text

TIME = "metric_time__day"
METRICS = (
    *("live_exposures", "live_viewers", "live_interactions", "live_buyers"),
    *("live_sales", "live_refunded_sales", "live_conversion_rate"),
)
NAMES = {
    "live_exposures": Text("直播曝光人数", "People shown the room"),
    "live_buyers": Text("直播购买人数", "Buyers"),
    "live_sales": Text("直播成交额", "Sales"),
    "live_refunded_sales": Text("直播退款额", "Refunded"),
}
UNITS = {"live_sales": "yuan", "live_refunded_sales": "yuan", "live_conversion_rate": "share"}
SHOWN = 16


def build(ctx: Context) -> Section | None:
    """Bars of viewers by session; a live room belongs to no community, so a report of one has none."""
    if ctx.community or not ctx.metrics.has("live_sessions", TIME, "live_viewers"):
        return None
    until = ctx.period.known_until
    rows = [row for row in ctx.metrics.rows("live_sessions") if row[TIME] <= until and row["live_viewers"] is not None]
    rows = sorted(rows, key=lambda row: (row[TIME], str(row.get("live_session"))))[-SHOWN:]
    if not rows:
        return None
    here = [row for row in rows if row[TIME] >= ctx.period.start]
    metrics = [metric for metric in METRICS if metric in rows[0]]
    table = Table(
        Text("直播单场数据", "Figures of each live session"),
        [
            Text("日期", "Day"),
            *(NAMES.get(metric, ctx.label(metric)) for metric in metrics),
        ],
        [
            [
                Cell(f"{row[TIME]}"),
                *(
                    missing() if row[metric] is None else number(figures.show(row[metric], UNITS.get(metric, "count")))
                    for metric in metrics
                ),
            ]
            for row in reversed(rows)
        ],
    )
    data = {
        "name": ctx.label("live_viewers"),
        "bars": [
            {
                "name": f"{row[TIME]:%m-%d}",
                "value": row["live_viewers"],
                "text": figures.show(row["live_viewers"], "count"),
                "here": row[TIME] >= ctx.period.start,
                "more": figures.show(row.get("live_conversion_rate"), "share"),
            }
            for row in rows
        ],
        "more": ctx.label("live_conversion_rate"),
    }
    return Section(
        "live",
        Text("直播", "Live"),
        [Chart("live-chart", "columns", _finding(ctx, here), table, data, _note(), height=300)],
    )


def _note() -> Text:
    return Text("深色是本期的场次；浅色是之前的。", "Dark: sessions of this period; light: earlier ones.")


def _finding(ctx: Context, here: list[dict]) -> Text:
    if not here:
        return Text("本期没有直播", "No live session in this period")
    most = max(here, key=lambda row: (row["live_viewers"], row[TIME]))
    when = figures.short_day(most[TIME])
    finding = Text(
        f"本期 {len(here)} 场；{when.zh}观看最多，{most['live_viewers']:,.0f} 人",
        f"{len(here)} sessions; most viewers on {when.en}: {most['live_viewers']:,.0f}",
    )
    rate = ctx.now.get("live_conversion_rate")
    if rate is not None and rate.value is not None:
        shown = figures.show(rate.value, rate.unit)
        finding += Text(f"，全期转化率 {shown.zh}", f"; conversion of the period {shown.en}")
    return finding
