"""A small schema ``metrics`` by its contract, for the pages: two hostile names, gaps, a partial month."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

HOSTILE = '</script><img src=x onerror="window.pwned=1">'
COMMUNITIES = ("上海福利1群", "广州会员1群", "杭州团购1群", HOSTILE)
MONTHS = tuple(dt.date(2025, month, 1) for month in (11, 12)) + tuple(dt.date(2026, month, 1) for month in range(1, 6))
AS_OF = dt.date(2026, 5, 19)
# id, label, stage, unit, direction, level, step a month, target of the last whole month
METRICS = (
    ("join_rate", "入群率", "acquisition", "rate", "higher", 0.013, -0.0007, 0.012),
    ("new_memberships", "入群人次", "acquisition", "count", "higher", 240, 6, None),
    ("leave_rate", "退群率", "acquisition", "share", "lower", 0.06, 0.004, 0.07),
    ("net_membership_growth", "净增用户数", "acquisition", "count", "higher", 90, -5, None),
    ("memberships", "社群总人次", "acquisition", "count", "higher", 1200, 80, None),
    ("interaction_rate", "互动率", "activation", "share", "higher", 0.025, 0.001, None),
    ("messages", "消息总量", "activation", "count", "moderate", 2400, 40, None),
    ("membership_retention_rate_d7", "7日留存率（在群）", "retention", "share", "higher", 0.9, -0.005, None),
    ("buyer_conversion_rate", "成交率（人数口径）", "monetization", "share", "higher", 0.1, 0.002, None),
    ("net_sales", "营销额（净额）", "monetization", "yuan", "higher", 61000.5, 1500, 60000),
    ("csat", "满意度 CSAT", "advocacy", "share", "higher", 0.75, 0.01, None),
    ("nps", "净推荐值 NPS", "advocacy", "points", "higher", 0.3, 0.02, None),
)
COMMUNITY = "community__community_name"


def _rows():
    for name, label, stage, unit, direction, level, step, target in METRICS:
        for scope, part in (("all", 1.0), *((c, 0.7 + 0.2 * n) for n, c in enumerate(COMMUNITIES))):
            before = None
            for place, start in enumerate(MONTHS):
                value = round(level + step * place, 6)
                value = None if name == "nps" and place % 2 else round(value * part, 6)
                goal = target if scope == "all" and start == MONTHS[-2] else None
                met = None if goal is None else (value >= goal) == (direction == "higher")
                size = (16 if name == "csat" else 900) if unit in ("share", "rate") else None
                end = min((start + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1), AS_OF)
                yield {
                    **{"metric_id": name, "label": label, "label_en": name.replace("_", " "), "stage": stage},
                    **{
                        "unit": unit,
                        "direction": direction,
                        "grain": "month",
                        "period_start": start,
                        "period_end": end,
                    },
                    **{"dimension": "all" if scope == "all" else COMMUNITY, "dimension_value": scope, "value": value},
                    **{"numerator": None, "denominator": None, "sample_size": size},
                    **{"ci_low": value * 0.9 if unit == "share" else None},
                    **{"ci_high": value * 1.1 if unit == "share" else None},
                    **{"is_partial": start == MONTHS[-1], "is_provisional": name == "net_sales"},
                    **{"previous_value": before, "previous_year_value": None, "band_low": None, "band_high": None},
                    **{"band_n": None, "target": goal, "attainment": None if goal is None else value / goal},
                    **{"status": None if met is None else "on_target" if met else "off_target"},
                    **{"null_reason": "zero_denominator" if value is None else None, "version": 1, "as_of": AS_OF},
                }
                before = value


def _saved():
    """Saved queries: name, columns, rows."""
    yield (
        "funnel",
        (
            "metric_time__month",
            "impressions",
            "funnel_joined",
            "funnel_activated",
            "funnel_first_order",
            "funnel_repurchased",
            "funnel_referred",
        ),
        [(start, 6900 + n, 180 + n, 53 + n, 33 - n, 12, None) for n, start in enumerate(MONTHS)],
    )
    ages = ("membership_retention_rate_d1", "membership_retention_rate_d7", "membership_retention_rate_d30")
    sizes = ("matured_memberships_d1", "matured_memberships_d7", "matured_memberships_d30")
    yield (
        "retention_cohorts",
        ("metric_time__month", *ages, *sizes, "activity_retention_rate_d7", "activity_retention_rate_d30"),
        [
            (start, 0.97 - n / 100, 0.9 - n / 100, None if n > 4 else 0.8 - n / 100, 250 + n, 240 + n, 20, 0.04, 0.2)
            for n, start in enumerate(MONTHS)
        ],
    )
    yield (
        "message_hours",
        ("metric_time__month", "message_hour__sent_weekday", "message_hour__sent_hour", "effective_messages"),
        [
            (start, weekday, hour, (hour * 7 + weekday * 3) % 11 + (20 if hour in (8, 20, 21) else 0))
            for start in MONTHS[-2:]
            for weekday in range(1, 8)
            for hour in range(6, 24)
        ],
    )
    terms = ("眼霜", "直播", "退款", "<b>成分</b>", "快递")
    yield (
        "topics",
        ("metric_time__month", "topic_mention__term", "topic_mentions"),
        [
            (start, term, None if term == "快递" and n else 10 + (n * (place + 2) * 5) % 17)
            for n, start in enumerate(MONTHS)
            for place, term in enumerate(terms)
        ],
    )
    segments = {"loyal": 0.05, "regular_repeat": 0.15, "bargain": 0.1, "need_driven": 0.05, "low_demand": 0.65}
    labels = {"loyal": "忠实型", "regular_repeat": "普通复购", "bargain": "羊毛型", "need_driven": "需求型"}
    code, name = "member_snapshot__user_segment", "member_snapshot__user_segment_label"
    yield (
        "segment_shares",
        ("metric_time__month", code, name, "segment_members", "segment_share"),
        [(s, seg, labels.get(seg, "低需求"), share * 1000, share) for s in MONTHS for seg, share in segments.items()],
    )
    sides = [f"segment_move__{side}_segment{label}" for side in ("from", "to") for label in ("", "_label")]
    yield (
        "segment_moves",
        ("metric_time__month", *sides, "members_moved"),
        [
            (start, one, labels.get(one, "低需求"), other, labels.get(other, "低需求"), 5 + len(one) + len(other))
            for start in MONTHS
            for one, other in (("regular_repeat", "bargain"), ("low_demand", "loyal"), ("bargain", "low_demand"))
        ],
    )
    steps = ("campaign_reached_members", "campaign_participants", "campaign_buyers")
    rates = ("campaign_participation_rate", "campaign_conversion_rate", "campaign_return")
    yield (
        "campaigns",
        ("metric_time__day", "campaign__campaign_name", "campaign__campaign_type", *steps, *rates),
        [
            (dt.date(2026, 4, 6), "直播专场", "直播", 32, 20, 5, 0.625, 0.15625, 2.5),
            (dt.date(2026, 3, 6), "会员日 <i>专场</i>", "会员日", 80, 20, 4, 0.25, 0.05, None),
            (dt.date(2026, 2, 6), "直播专场2", "直播", 16, 9, 1, 0.5625, 0.0625, 1.1),
        ],
    )
    yield (
        "campaign_phases",
        ("metric_time__day", "campaign__campaign_name", "phase__campaign_phase", "campaign_orders"),
        [(dt.date(2026, 4, 6), "直播专场", phase, orders) for phase, orders in (("预热", 1), ("开团", 4), ("none", 0))],
    )
    live = ("live_exposures", "live_viewers", "live_interactions", "live_buyers", "live_sales", "live_refunded_sales")
    yield (
        "live_sessions",
        ("metric_time__day", "live_session", *live, "live_conversion_rate"),
        [(dt.date(2026, 4, day), f"s{day}", 4000, 300 + day, 90, 12, 1500.5, 20.0, 0.04) for day in (2, 9, 20)],
    )
    yield (
        "operations_by_department",
        ("metric_time__month", "staff__department", "staff_chats", "staff_reply_rate"),
        [(start, name, 200, 0.8) for start in MONTHS for name in ("华东社群部", "华南社群部")],
    )
    yield (
        "targets",
        (
            "metric_time__month",
            "target__target_metric",
            "target__period_kind",
            COMMUNITY,
            "staff__department",
            "target_value",
            "target_attainment_rate",
        ),
        [
            (MONTHS[-2], "new_memberships", "month", COMMUNITIES[0], None, 40.0, 1.25),
            (MONTHS[-2], "new_memberships", "month", HOSTILE, None, 40.0, 0.5),
            (MONTHS[-2], "leave_rate", "month", None, None, 0.05, None),
        ],
    )


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    import pyarrow as pa

    connection.register("rows", pa.table({c: [row[i] for row in rows] for i, c in enumerate(columns)}))
    connection.execute(f'create table metrics."{name}" as from rows')
    connection.unregister("rows")


def write(path: Path) -> Path:
    """Write the file."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema metrics")
        rows = list(_rows())
        _table(connection, "metric_values", tuple(rows[0]), [tuple(row.values()) for row in rows])
        for name, columns, saved in _saved():
            _table(connection, name, columns, saved)
        definitions = [
            (
                *metric[:2],
                metric[0].replace("_", " "),
                *metric[2:5],
                "Answers: <b>what</b>?",
                "a / b",
                "event time",
                None,
                "ratio",
                1,
                "001",
                "",
                "day",
                "",
                "回答：<b>什么</b>？",
                "甲 ÷ 乙",
            )
            for metric in METRICS
        ]
        columns = ("metric_id", "label", "label_en", "stage", "unit", "direction", "definition", "formula", "clock")
        _table(
            connection,
            "metric_definitions",
            (
                *columns,
                "caveats",
                "additivity",
                "version",
                "source_documents",
                "synonyms",
                "finest_grain",
                "dimensions",
                "definition_zh",
                "formula_zh",
            ),
            definitions,
        )
        dimensions = [("all", "全部", "All", False), (COMMUNITY, "社群", "Community", False)]
        _table(connection, "dimension_definitions", ("dimension", "label", "label_en", "is_ordered"), dimensions)
        _table(connection, "export_log", ("table_name", "rows", "fingerprint"), [("metric_values", 1, "abc")])
    return path
