"""Topics that are talked about more or less than in the period before."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text

TERM, MENTIONS = "topic_mention__term", "topic_mentions"
SHOWN = 8  # on either side
WITHHELD = Text("提到的人太少，隐去", "too few speakers, withheld")


def build(ctx: Context) -> Section | None:
    """Rising and falling topics, by the difference of messages that mention them."""
    rows = ctx.saved("topics") or []
    now = {row[TERM]: row[MENTIONS] for row in ctx.at(rows) if row[TERM] is not None}
    before = {row[TERM]: row[MENTIONS] for row in ctx.at(rows, ctx.period.previous) if row[TERM] is not None}
    if not any(value is not None for value in now.values()):
        return None
    moved = {
        term: value - before[term]
        for term, value in now.items()
        if value is not None and before.get(term) is not None and value != before[term]
    }
    order = sorted(moved, key=lambda term: (-moved[term], term))
    rising = [term for term in order if moved[term] > 0][:SHOWN]
    falling = [term for term in order if moved[term] < 0][-SHOWN:]
    top = max((term for term in now if now[term] is not None), key=lambda term: (now[term], term))
    finding = Text(
        f"说得最多的是“{top}”，{now[top]:,.0f} 条消息", f"Most mentioned: “{top}”, in {now[top]:,.0f} messages"
    )
    if rising:
        finding += Text(f"；上升最多的是“{rising[0]}”", f"; rising most: “{rising[0]}”")
    if falling:
        finding += Text(f"，下降最多的是“{falling[-1]}”", f"; falling most: “{falling[-1]}”")
    lines = [
        [
            Cell(term),
            missing(WITHHELD) if now.get(term) is None else number(f"{now[term]:,.0f}"),
            missing(WITHHELD) if before.get(term) is None else number(f"{before[term]:,.0f}"),
            missing() if term not in moved else number(figures.plus(moved[term], "count")),
        ]
        for term in sorted(set(now) | set(before), key=lambda term: (-(now.get(term) or 0), term))
    ]
    table = Table(
        Text("提到各话题的消息数", "Messages that mention a topic"),
        [Text("话题", "Topic"), Text("本期", "Now"), Text("上期", "Before"), Text("增减", "Change")],
        lines,
    )
    bars = [
        {"name": term, "value": moved[term], "text": figures.plus(moved[term], "count"), "now": now[term]}
        for term in [*rising, *falling]
    ]
    note = Text(
        "按提到该话题的消息数计，不按次数；提到的人太少的话题隐去，在表里标为“—”。",
        "Counted in messages, not words; topics of too few speakers are withheld and stand as “—” in the table.",
    )
    if not bars:
        return None
    return Section(
        "topics",
        Text("话题", "Topics"),
        [Chart("topics-chart", "diverging", finding, table, {"bars": bars}, note, height=90 + 26 * len(bars))],
    )
