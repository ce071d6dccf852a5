"""What changed and why: exact decompositions of the largest moves."""

from __future__ import annotations

from kpi.report import drivers, figures
from kpi.report.blocks import Cell, Chart, Note, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text, same

KINDS = {
    "level": Text("数量", "level"),
    "mix": Text("结构", "mix"),
    "rate": Text("水平", "rate"),
    "rest": Text("其余", "rest"),
}


def build(ctx: Context) -> Section | None:
    """A chart for each of the largest moves; its parts add up to it."""
    if ctx.campaign:
        return None
    moves = drivers.explain(
        ctx.metrics.connection,
        grain=ctx.period.grain,
        period=ctx.period.start,
        dimension=ctx.dimension,
        value=ctx.member,
    )
    blocks: list[Chart | Note] = [_chart(ctx, move, place) for place, move in enumerate(moves) if move.parts]
    if not blocks:
        return None
    blocks += [_whole(ctx, move) for move in moves if not move.parts]
    lead = Text(
        "每一项变动拆成几部分，各部分相加正好等于变动本身。拆分只说变动出在哪里，不说原因。",
        "Each move is split into parts that add up to it exactly. The split says where the move is, not its cause.",
    )
    return Section("changes", Text("变了什么，出在哪里", "What changed, and where"), blocks, lead)


def _figures(ctx: Context, move: drivers.Move) -> Text:
    unit, label = ctx.unit(move.metric_id), ctx.label(move.metric_id)
    before, after = figures.show(move.before, unit), figures.show(move.after, unit)
    moved = figures.plus(move.change, unit)
    return Text(
        f"{label.zh} {before.zh} → {after.zh}（{moved.zh}）", f"{label.en} {before.en} → {after.en} ({moved.en})"
    )


def _whole(ctx: Context, move: drivers.Move) -> Note:
    """A move without a split: it is as large as the others and belongs beside them."""
    times = f"{move.size:.1f}"
    said = _figures(ctx, move) + Text(
        f"，为平时的 {times} 倍；{move.why_zh}。", f", {times} times usual; {move.why_en}."
    )
    return Note(said)


def _chart(ctx: Context, move: drivers.Move, place: int) -> Chart:
    unit, label = ctx.unit(move.metric_id), ctx.label(move.metric_id)
    parts = sorted(move.parts, key=lambda part: -abs(part.effect))
    first = parts[0]
    effect = figures.plus(first.effect, unit)
    finding = _figures(ctx, move) + Text(
        f"，其中“{first.name}” {effect.zh}", f", of which “{first.name_en or first.name}” {effect.en}"
    )
    table = Table(
        Text(f"{label.zh}变动的各部分", f"Parts of the move of {label.en}"),
        [
            Text("部分", "Part"),
            Text("性质", "Kind"),
            Text("上期", "Before"),
            Text("本期", "Now"),
            Text("影响", "Effect"),
        ],
        [
            [
                *(Cell(Text(part.name, part.name_en or part.name)), Cell(KINDS.get(part.kind, same(part.kind)))),
                *(
                    missing() if x is None else number(figures.show(x, "share" if part.kind == "mix" else unit))
                    for x in (part.before, part.after)
                ),
                number(figures.plus(part.effect, unit)),
            ]
            for part in parts
        ],
    )
    bars = [
        {
            "name": Text(part.name, part.name_en or part.name),
            "value": part.effect,
            "text": figures.plus(part.effect, unit),
        }
        for part in sorted(parts, key=lambda part: -part.effect)
    ]
    note = Text(move.why_zh, move.why_en)
    return Chart(
        *(f"change-{place}", "diverging", finding, table, {"bars": bars}, note),
        height=80 + 28 * len(bars),
        half=True,
    )
