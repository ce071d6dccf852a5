"""User segments: their shares in time, and who moved between them since the last snapshot."""

from __future__ import annotations

from kpi.report import figures
from kpi.report.blocks import Cell, Chart, Section, Table, missing, number
from kpi.report.context import Context
from kpi.report.texts import Text, same
from kpi.report.words import SEGMENTS

SEGMENT, LABEL = "member_snapshot__user_segment", "member_snapshot__user_segment_label"
FROM, FROM_LABEL = "segment_move__from_segment", "segment_move__from_segment_label"
TO, TO_LABEL = "segment_move__to_segment", "segment_move__to_segment_label"
TIME = "metric_time__month"  # snapshots are monthly, also for a weekly report
LEAST = 5  # persons of a move that is drawn
NOT_JUDGED = {"entered", "left", "observing", "not_profiled"}
TONES = {
    **{"loyal": "series-1", "regular_repeat": "series-3", "bargain": "series-2", "need_driven": "series-4"},
    **{"low_demand": "series-6", "observing": "rule-strong", "entered": "series-7", "left": "series-5"},
}


def build(ctx: Context) -> Section | None:
    """Shares and moves; segments are of all communities, so a report of one community has none."""
    if ctx.community:
        return None
    charts = [chart for chart in (_shares(ctx), _moves(ctx)) if chart is not None]
    if not charts:
        return None
    lead = Text(
        "分层按月末快照判定；观察期与未画像的人不在占比的分母里。",
        "Segments are judged at month-end snapshots; who is observed or not profiled is outside the shares.",
    )
    return Section("segments", Text("用户分层", "Segments"), charts, lead)


def _snapshot(ctx: Context, rows: list[dict]) -> list:
    return sorted({row[TIME] for row in rows if row[TIME] <= ctx.period.start.replace(day=1)})


def _name(code: str | None, label: str | None) -> Text:
    if code in SEGMENTS:
        return SEGMENTS[code]
    return same(label or code or figures.NONE)


def _shares(ctx: Context) -> Chart | None:
    if not ctx.metrics.has("segment_shares", SEGMENT, "segment_share"):
        return None
    rows = ctx.metrics.rows("segment_shares")
    months = _snapshot(ctx, rows)
    shares = {(row[SEGMENT], row[TIME]): row["segment_share"] for row in rows}
    sizes = {(row[SEGMENT], row[TIME]): row["segment_members"] for row in rows}
    labels = {row[SEGMENT]: row.get(LABEL) for row in rows}
    codes = [code for code in [*SEGMENTS, *sorted(set(labels) - set(SEGMENTS), key=str)] if code in labels]
    classified = [code for code in codes if any(shares.get((code, month)) is not None for month in months)]
    if not months or not classified:
        return None
    last = months[-1]
    largest = max(classified, key=lambda code: shares.get((code, last)) or 0)
    part = figures.show(shares.get((largest, last)), "share")
    name = _name(largest, labels[largest])
    finding = Text(
        f"{name.zh}最多，占可分层成员的 {part.zh}", f"{name.en} is the largest segment: {part.en} of classified members"
    )
    lines = [
        [
            Cell(_name(code, labels[code])),
            *(_share_cell(shares.get((code, month)), sizes.get((code, month))) for month in months),
        ]
        for code in codes
    ]
    data = {
        "periods": [same(f"{month:%Y-%m}") for month in months],
        "series": [
            {
                "name": _name(code, labels[code]),
                "tone": TONES.get(code, "series-5"),
                "values": [shares.get((code, month)) for month in months],
                "texts": [figures.show(shares.get((code, month)), "share") for month in months],
            }
            for code in classified
        ],
    }
    table = Table(
        Text("各月末分层占比与人数", "Share and members of each segment at month ends"),
        [Text("分层", "Segment"), *(same(f"{month:%Y-%m}") for month in months)],
        lines,
    )
    return Chart("segments-chart", "shares", finding, table, data, height=380, half=True)


def _share_cell(share: float | None, size: float | None) -> Cell:
    if size is None:
        return missing()
    if share is None:
        return number(Text(f"{size:,.0f} 人", f"{size:,.0f}"))
    return number(f"{figures.show(share, 'share').zh} ({size:,.0f})", thin=size < figures.SMALL)


def _moves(ctx: Context) -> Chart | None:
    if not ctx.metrics.has("segment_moves", FROM, TO, "members_moved"):
        return None
    rows = ctx.metrics.rows("segment_moves")
    months = _snapshot(ctx, rows)
    if not months:
        return None
    here = [row for row in rows if row[TIME] == months[-1] and row["members_moved"]]
    here.sort(key=lambda row: (-row["members_moved"], str(row[FROM]), str(row[TO])))
    moved = [row for row in here if row[FROM] != row[TO]]
    if not moved:
        return None
    first = next((row for row in moved if not {row[FROM], row[TO]} & NOT_JUDGED), moved[0])
    source, goal = _name(first[FROM], first[FROM_LABEL]), _name(first[TO], first[TO_LABEL])
    finding = Text(
        f"已判定的分层之间，最大的流转是{source.zh} → {goal.zh}，{first['members_moved']:,.0f} 人",
        f"Largest move between judged segments: {source.en} → {goal.en}, {first['members_moved']:,.0f} members",
    )
    table = Table(
        Text("分层流转人数（含未变动）", "Members by segment before and now (stayers included)"),
        [Text("上次快照", "Before"), Text("本次快照", "Now"), Text("人数", "Members")],
        [
            [
                Cell(_name(row[FROM], row[FROM_LABEL])),
                Cell(_name(row[TO], row[TO_LABEL])),
                number(f"{row['members_moved']:,.0f}"),
            ]
            for row in here
        ],
    )
    drawn = [row for row in moved if row["members_moved"] >= LEAST] or moved[:6]
    links = [
        {
            **{"from": _name(row[FROM], row[FROM_LABEL]), "to": _name(row[TO], row[TO_LABEL])},
            "value": row["members_moved"],
            "tones": [TONES.get(row[FROM], "series-5"), TONES.get(row[TO], "series-5")],
        }
        for row in drawn
    ]
    note = Text(
        f"{months[-1]:%Y-%m} 快照与上一次相比；未变动的人不画，少于 {LEAST} 人的流转只在表里。",
        f"Snapshot of {months[-1]:%Y-%m} against the one before; stayers are not drawn, "
        f"moves of fewer than {LEAST} are in the table only.",
    )
    return Chart("moves-chart", "flow", finding, table, {"links": links}, note, height=380, half=True)
