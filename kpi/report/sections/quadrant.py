"""Communities by interaction and conversion: the lines are the figures of all communities together."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import COMMUNITY, Context
from kpi.report.texts import Text
from kpi.report.words import reason

X, Y, SIZE = "interaction_rate", "buyer_conversion_rate", "memberships"
QUADRANTS = {
    (True, True): Text("互动高、转化高", "High interaction, high conversion"),
    (True, False): Text("互动高、转化低", "High interaction, low conversion"),
    (False, True): Text("互动低、转化高", "Low interaction, high conversion"),
    (False, False): Text("互动低、转化低", "Low interaction, low conversion"),
}


def build(ctx: Context) -> Section | None:
    """A scatter of communities; of one community the others stay, for comparison."""
    named: dict[str, dict] = {}
    for row in ctx.metrics.figures(ctx.period.grain, COMMUNITY, None):
        if row.period_start == ctx.period.start and row.metric_id in (X, Y, SIZE) and row.dimension_value:
            named.setdefault(row.dimension_value, {})[row.metric_id] = row
    whole = {
        row.metric_id: row.value
        for row in ctx.metrics.figures(ctx.period.grain)
        if row.period_start == ctx.period.start and row.metric_id in (X, Y)
    }
    if len(named) < 2 or whole.get(X) is None or whole.get(Y) is None:
        return None
    points, lines, counts = [], [], dict.fromkeys(QUADRANTS, 0)
    for name, rows in sorted(named.items()):
        x, y, size = (rows.get(metric) for metric in (X, Y, SIZE))
        known = x is not None and y is not None and x.value is not None and y.value is not None
        place = None
        thin = y is not None and y.sample_size is not None and y.sample_size < figures.SMALL
        if known:
            place = (x.value >= whole[X], y.value >= whole[Y])
            counts[place] += 1
            points.append(
                {
                    **{"name": name, "x": x.value, "y": y.value, "size": size.value if size else None, "thin": thin},
                    **{"xText": ctx.show(x.value, X), "yText": ctx.show(y.value, Y), "here": name == ctx.community},
                }
            )
        elif not any(row.value is not None for row in rows.values()):
            continue
        lines.append(
            [
                Cell(name),
                *(
                    missing(reason(row.null_reason if row else None))
                    if row is None or row.value is None
                    else number(ctx.show(row.value, metric), thin=thin and metric == Y)
                    for row, metric in ((x, X), (y, Y), (size, SIZE))
                ),
                Cell(QUADRANTS[place] if place else figures.NONE),
            ]
        )
    if len(points) < 2:
        return None
    both, neither = counts[True, True], counts[False, False]
    finding = Text(
        f"{len(points)} 个社群中，{f'{both} 个' if both else '没有一个'}互动和转化都不低于整体，"
        f"{f'{neither} 个两项都低于' if neither else '没有一个两项都低于'}整体",
        f"Of {len(points)} communities, {both or 'none'} {'is' if both == 1 else 'are'} at or above the whole in both, "
        f"{neither or 'none'} below it in both",
    )
    table = Table(
        Text("各社群的互动率与成交率", "Interaction and conversion of each community"),
        [Text("社群", "Community"), *(ctx.label(metric) for metric in (X, Y, SIZE)), Text("象限", "Quadrant")],
        lines,
    )
    lines_at = {"x": whole[X], "y": whole[Y], "xText": ctx.show(whole[X], X), "yText": ctx.show(whole[Y], Y)}
    data = {
        **{"points": points, "whole": lines_at, "names": {"x": ctx.label(X), "y": ctx.label(Y)}},
        "corners": [QUADRANTS[key] for key in ((True, True), (False, True), (False, False), (True, False))],
    }
    note = Text(
        "虚线是全部社群合计的数值，不是各群的平均。点的大小按在群人次；灰点样本少于 30。",
        "Dashed lines are the figures of all communities together, not a mean of theirs. "
        "Size: memberships; grey: fewer than 30.",
    )
    return Section(
        "quadrant",
        Text("社群矩阵", "Communities"),
        [Chart("quadrant-chart", "quadrant", finding, table, data, note, height=460)],
    )
