"""Replies of content and check-in tools, as collectors store them."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from kpi.generate.originals.people import Cells, File, People
from kpi.generate.originals.wecom import dumped, json_lines

SUMMARY = (
    "impression_uv", "new_watch_uv", "max_online_watch_uv", "average_watch_seconds_per_audience", "comment_uv",
    "sharing_uv", "new_follow_uv", "like_count", "sharing_count",
)  # fmt: skip
SALES = (
    "total_clk_uv", "total_create_uv", "total_pay_pv", "total_pay_uv", "total_gmv", "refund_amount",
    "cumulative_audience_count", "new_comment_count",
)  # fmt: skip
ARTICLE = ("read_user", "share_user", "like_user", "zaikan_user", "comment_count", "collection_user")


def document(value: Any) -> bytes:
    """One JSON document, indented as tools for testing APIs save it."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _ints(row: Cells, names: tuple[str, ...]) -> dict[str, int]:
    return {name: int(row[name]) for name in names}


def live(file: File, people: People) -> bytes:
    """A session per line: getlivelist's entry with getlivedata's reply, whose parts are JSON in texts."""
    del people

    def reply(row: Cells) -> dict[str, Any]:
        start, end = int(row["create_time"]), int(row["end_time"])
        board = {
            "live_dashboard_data": {"summary": _ints(row, SUMMARY)},
            "start_time": start,
            "live_duration": end - start,
        }
        return {
            "errcode": 0,
            "errmsg": "ok",
            "export_id": row["export_id"],
            "create_time": start,
            "live_dashboard_data": dumped(board),
            "live_ec_data_summary": dumped(_ints(row, SALES)),
            "live_comparison_index": dumped({}),
        }

    return json_lines(map(reply, file.only))


def articles(file: File, people: People) -> bytes:
    """getarticletotaldetail: counters up to a day, by article."""
    del people

    def article(rows: list[Cells]) -> dict[str, Any]:
        first = rows[0]
        details = [{"stat_date": r["stat_date"], **_ints(r, ARTICLE), "praise_money": 0} for r in rows]
        return {"ref_date": first["ref_date"], "msgid": first["msgid"], "title": first["title"],
                "publish_type": 0, "detail_list": details}  # fmt: skip

    found = groupby(file.only, lambda r: (r["ref_date"], r["msgid"], r["title"]))
    return document({"list": [article(list(rows)) for _, rows in found], "is_delay": False})


def check_ins(file: File, people: People) -> bytes:
    """群打卡 of 微伴: one page of the list of participants."""

    def participant(row: Cells) -> dict[str, Any]:
        key = row["external_userid"]
        numbers = _ints(row, ("last_check_in_time", "total_days", "succession_days"))
        return {
            "activity_id": row["activity_id"], "chat_id": row["chat_id"], "external_userid": people.raw(key),
            "nickname": people.nickname(key), "ip_city": people.place(people.number(key))[0], **numbers,
            "phase": row["phase"],
        }  # fmt: skip

    return document({"code": 0, "msg": "success", "data": {"list": [participant(r) for r in file.only],
                                                           "total": len(file.only)}})  # fmt: skip


def lines(file: File, people: People) -> bytes:
    """Clicks of the SCRM: one JSON object per line."""
    return json_lines(
        people.restored("scrm__link_clicks", row)
        | {"click_time": int(row["click_time"]), "nickname": people.nickname(row["external_userid"])}
        for row in file.only
    )
