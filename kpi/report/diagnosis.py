"""问题及解决方法: what the sources say to look at and to do about each figure that is off its target or band.

The advice is reference data (``seeds/reference/metric_remedies.csv``, table ``reference.metric_remedies``, in the
warehouse and in the published file). It is the sources' experience, not something that the figures show; where
neither a target nor a band says that a figure is off, nothing is prescribed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpi.labels import load_labels
from kpi.report.texts import Text

if TYPE_CHECKING:
    import duckdb

# Of figures that are off alike, those of the front page come first, in the order of the member's journey.
FRONT_PAGE = (
    *("join_rate", "leave_rate", "interaction_rate", "messages", "messages_per_member"),
    *("membership_retention_rate_d1", "membership_retention_rate_d7", "membership_retention_rate_d30"),
    *("order_conversion_rate", "revenue_per_buyer", "community_roas", "segment_share"),
)
SEGMENTS = "member_snapshot__user_segment"  # shares of segments are off one by one, never in all
UNWANTED = {"higher": {"low"}, "lower": {"high"}, "moderate": {"low", "high"}, "balanced": {"low", "high"}}


@dataclass(frozen=True)
class Action:
    """What to do.

    Attributes:
        text: the action.
        source: the documents that prescribe it, as a reader sees them.
    """

    text: Text
    source: Text


@dataclass(frozen=True)
class Finding:
    """A figure that is off.

    Attributes:
        metric_id: the metric.
        status: of ``metric_values``: ``off_target``, ``above_band`` or ``below_band``.
        value: the figure.
        target, band_low, band_high: what it is held against, None where there is none.
        is_opportunity: it is off on its good side, and a source says what to make of it.
        of: the group it is the figure of, such as a segment; None for that of the asked cell.
        look_at: where to look first.
        actions: what the sources prescribe; empty where they name nothing.
    """

    metric_id: str
    status: str
    value: float
    target: float | None
    band_low: float | None
    band_high: float | None
    is_opportunity: bool
    of: Text | None
    look_at: tuple[Text, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Judged:
    """The columns of ``metrics.metric_values`` that this needs."""

    metric_id: str
    direction: str
    dimension: str
    dimension_value: str | None
    value: float | None
    target: float | None
    band_low: float | None
    band_high: float | None
    status: str | None
    is_partial: bool


@dataclass(frozen=True)
class Remedy:
    """A row of ``reference.metric_remedies``."""

    metric: str
    condition: str
    kind: str
    place: int
    text_zh: str
    text_en: str
    source_documents: str


def diagnose(
    connection: duckdb.DuckDBPyConnection, *, grain: str, period: dt.date, dimension: str = "all", value: str = "all"
) -> list[Finding]:
    """What is off in a period, most important first.

    Args:
        connection: with the schemas ``metrics`` and ``reference``; without the advice only what is off is told.
        grain: ``week``, ``month``, …
        period: first day of the period.
        dimension: ``all``, or a dimension together with its ``value``.
        value: value of the dimension.
    """
    rows = connection.execute(
        f"select {', '.join(Judged.__dataclass_fields__)} from metrics.metric_values "
        "where grain = $1 and period_start = $2 "
        "and (dimension = $3 and dimension_value is not distinct from $4 or $3 = 'all' and dimension = $5)",
        [grain, period, dimension, value, SEGMENTS],
    ).fetchall()
    known = connection.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'reference' and table_name = 'metric_remedies'"
    ).fetchone()[0]
    columns = ", ".join(Remedy.__dataclass_fields__)
    remedies = connection.execute(f"select {columns} from reference.metric_remedies").fetchall() if known else []
    return findings((Judged(*row) for row in rows), [Remedy(*row) for row in remedies])


def findings(rows: Iterable[Judged], remedies: Iterable[Remedy]) -> list[Finding]:
    """As ``diagnose``, over rows of one period."""
    advice: dict[tuple[str, str], list[Remedy]] = {}
    for remedy in sorted(remedies, key=lambda one: one.place):
        advice.setdefault((remedy.metric, remedy.condition), []).append(remedy)
    found = [(_rank(row, made), made) for row in rows if (made := _finding(row, advice)) is not None]
    return [made for _, made in sorted(found, key=lambda item: item[0])]


def side(row: Judged) -> str | None:
    """``low`` or ``high`` where a figure is off, None where it is not or nobody can say."""
    if row.value is None or row.status is None:
        return None
    if row.status == "off_target" and row.target is not None and row.value != row.target:
        return "low" if row.value < row.target else "high"
    return {"below_band": "low", "above_band": "high"}.get(row.status)


def _finding(row: Judged, advice: Mapping[tuple[str, str], list[Remedy]]) -> Finding | None:
    # half a period is below its band because it is half
    at = None if row.is_partial else side(row)
    if at is None:
        return None
    said = advice.get((row.metric_id, at), [])
    is_unwanted = at in UNWANTED.get(row.direction, ()) or row.status == "off_target"
    # a target that is missed is told in any case; a band or a good side only where there is something to say
    if not said and row.status != "off_target":
        return None
    of = None
    if row.dimension == SEGMENTS:
        names = load_labels().dimensions.get(SEGMENTS)
        of = Text(
            *(names.values if names else {}).get(
                row.dimension_value, (row.dimension_value or "未知", row.dimension_value or "unknown")
            )
        )
    return Finding(
        row.metric_id,
        row.status,
        row.value,
        row.target if row.status == "off_target" else None,
        row.band_low,
        row.band_high,
        not is_unwanted and row.direction in UNWANTED,
        of,
        tuple(Text(one.text_zh, one.text_en) for one in said if one.kind == "look_at"),
        tuple(Action(Text(one.text_zh, one.text_en), _source(one)) for one in said if one.kind == "action"),
    )


def _source(remedy: Remedy) -> Text:
    documents = remedy.source_documents.split()
    return Text(f"来源文档 {'、'.join(documents)}", f"Source documents {', '.join(documents)}")


def _rank(row: Judged, made: Finding) -> tuple:
    """Targets first, as somebody has set them; then the front page; then how far it is off; opportunities last."""
    if made.target is not None:
        off = abs(row.value - made.target) / (abs(made.target) or 1.0)
    else:
        edge = row.band_low if side(row) == "low" else row.band_high
        edge = row.value if edge is None else edge
        width = (row.band_high or 0.0) - (row.band_low or 0.0) or abs(edge) or 1.0
        off = abs(row.value - edge) / width
    front = FRONT_PAGE.index(made.metric_id) if made.metric_id in FRONT_PAGE else len(FRONT_PAGE)
    return (
        made.is_opportunity,
        made.target is None,
        front == len(FRONT_PAGE),
        -off,
        front,
        made.metric_id,
        row.dimension_value or "",
    )
