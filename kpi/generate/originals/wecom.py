"""Files of the member tool 企业微信: recorded calls, callbacks and the message archive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from kpi.generate.contents import poll_body, red_packet_body
from kpi.generate.originals.people import Cells, File, People

CORP = "ww5f3a1c8e2b7d9046"
OLD_LISTS_UNTIL = "2026"  # callbacks made before this year list the members as text, later ones as items
STATISTICS = {
    "contact_statistics": (
        "new_apply_cnt", "new_contact_cnt", "chat_cnt", "message_cnt", "reply_percentage", "avg_reply_time",
        "negative_feedback_cnt",
    ),
    "group_statistics": (
        "new_chat_cnt", "chat_total", "chat_has_msg", "new_member_cnt", "member_total", "member_has_msg", "msg_total",
    ),
}  # fmt: skip


def dumped(value: Any) -> str:
    """JSON on one line, as collectors write it."""
    return json.dumps(value, ensure_ascii=False)


def json_lines(records: Iterable[Any]) -> bytes:
    """One record per line."""
    return "".join(dumped(record) + "\n" for record in records).encode()


def recorded(api: str, request: dict[str, Any], response: dict[str, Any], fetched_at: str) -> dict[str, Any]:
    """A call as a collector stores it."""
    reply = {"errcode": 0, "errmsg": "ok", **response}
    return {"api": api, "request": request, "response": reply, "fetched_at": fetched_at}


def group_details(file: File, people: People) -> bytes:
    """groupchat/get: a group with its members per line; the status of groupchat/list beside it."""
    members = {chat: list(rows) for chat, rows in groupby(file.rows["wecom__group_members"], lambda r: r["chat_id"])}

    def calls() -> Iterator[dict[str, Any]]:
        for row in file.rows["wecom__group_chats"]:
            chat = {
                "chat_id": row["chat_id"],
                "name": row["name"],
                "owner": people.raw(row["owner"]),
                "create_time": int(row["create_time"]),
                "notice": "群公告：每晚八点上新，加好友备注手机号" if row["name"] else "",
                "member_list": [_member(people, m) for m in members.get(row["chat_id"], [])],
                "admin_list": [{"userid": people.raw(row["owner"])}],
                "member_version": row["member_version"],
            }
            request = {"chat_id": row["chat_id"], "need_name": 1}
            response = {"group_chat": chat, "status": int(row["status"])}
            yield recorded("externalcontact/groupchat/get", request, response, file.exported)

    return json_lines(calls())


def _member(people: People, row: Cells) -> dict[str, Any]:
    out: dict[str, Any] = {"userid": people.raw(row["userid"]), "type": int(row["type"])}
    if row["unionid"]:
        out["unionid"] = people.raw(row["unionid"])
    out |= {"join_time": int(row["join_time"]), "join_scene": int(row["join_scene"])}
    if row["state"]:
        out["state"] = row["state"]
    if row["invitor"]:
        out["invitor"] = {"userid": people.raw(row["invitor"])}
    number = people.number(row["userid"])
    name = people.name(row["userid"]) if row["type"] == "1" else people.nickname(row["userid"])
    return out | {"group_nickname": people.name(row["userid"]) if number % 6 == 1 else "", "name": name}


def callbacks(file: File, people: People) -> bytes:
    """change_external_chat: one <xml> document after the other, as a receiver appends them."""
    return "".join(_callback(people, row, file.exported) + "\n" for row in file.only).encode()


def _callback(people: People, row: Cells, exported: str) -> str:
    def text(name: str, value: str) -> str:
        return f"<{name}><![CDATA[{value}]]></{name}>"

    members = [people.raw(key) for key in row["MemChangeList"].split(",") if key]
    parts = [text("ToUserName", CORP), text("FromUserName", "sys"), f"<CreateTime>{row['CreateTime']}</CreateTime>"]
    parts += [text("MsgType", "event"), text("Event", "change_external_chat"), text("ChatId", row["ChatId"])]
    parts.append(text("ChangeType", row["ChangeType"]))
    if row["UpdateDetail"]:
        parts.append(text("UpdateDetail", row["UpdateDetail"]))
    parts += [f"<{n}>{row[n]}</{n}>" for n in ("JoinScene", "QuitScene", "MemChangeCnt") if row[n]]
    if members and exported < OLD_LISTS_UNTIL:
        parts.append(text("MemChangeList", ",".join(members)))
    elif members:
        items = "".join(f"<Item>{escape(member)}</Item>" for member in members)
        parts.append(f"<MemChangeList>{items}</MemChangeList>")
    parts += [text(n, row[n]) for n in ("LastMemVer", "CurMemVer") if row[n]]
    return f"<xml>{''.join(parts)}</xml>"


def customers(file: File, people: People) -> bytes:
    """externalcontact/get: a customer per line with the staff who follow them."""

    def calls() -> Iterator[dict[str, Any]]:
        for (key, unionid, kind), rows in groupby(file.only, lambda r: (r["external_userid"], r["unionid"], r["type"])):
            number = people.number(key)
            contact: dict[str, Any] = {"external_userid": people.raw(key), "name": people.nickname(key)}
            contact |= {"type": int(kind), "gender": number % 3}
            contact["avatar"] = f"http://wx.qlogo.cn/mmhead/{number:08x}/0"
            if unionid:
                contact["unionid"] = people.raw(unionid)
            if kind == "2":
                contact |= {"position": "采购", "corp_name": "示例贸易", "corp_full_name": "示例贸易有限公司"}
            response = {"external_contact": contact, "follow_user": [_follower(people, r, key) for r in rows]}
            request = {"external_userid": contact["external_userid"]}
            yield recorded("externalcontact/get", request, response, file.exported)

    return json_lines(calls())


def _follower(people: People, row: Cells, key: str) -> dict[str, Any]:
    out: dict[str, Any] = {"userid": people.raw(row["follow_userid"])}
    out |= {"remark": f"{people.name(key)}-老客", "description": "", "createtime": int(row["createtime"])}
    out["tags"] = [{"group_name": "来源", "tag_name": "社群", "type": 1, "tag_id": "etK1mAAA01"}]
    out["remark_mobiles"] = [people.raw(phone) for phone in json.loads(row["remark_mobiles"])]
    out |= {"add_way": int(row["add_way"]), "oper_userid": people.raw(row["follow_userid"])}
    return out | ({"state": row["state"]} if row["state"] else {})


def archive(file: File, people: People) -> bytes:
    """The message archive: one decrypted message per line."""
    polls = {r["msgid"]: r for r in file.rows.get("wecom__polls", [])}
    packets = {r["msgid"]: r for r in file.rows.get("wecom__red_packets", [])}
    return json_lines(_message(people, r, polls, packets) for r in file.rows["wecom__messages"])


def _message(people: People, row: Cells, polls: dict[str, Cells], packets: dict[str, Cells]) -> dict[str, Any]:
    out: dict[str, Any] = {"seq": int(row["seq"]), "msgid": row["msgid"], "action": row["action"]}
    if row["action"] == "switch":
        return out | {"time": int(row["switch_time"]), "user": "wangwei"}
    to = ["wangwei"] if row["roomid"] else []
    out |= {"from": people.raw(row["from"]), "tolist": to, "roomid": row["roomid"], "msgtime": int(row["msgtime"])}
    kind = row["msgtype"]
    return out | {"msgtype": kind, kind: _body(people, row, polls, packets)}


def _body(people: People, row: Cells, polls: dict[str, Cells], packets: dict[str, Cells]) -> dict[str, Any]:
    kind = row["msgtype"]
    if kind == "revoke":
        return {"pre_msgid": row["pre_msgid"]}
    if kind in ("agree", "disagree"):
        return {"userid": people.raw(row["from"]), f"{kind}_time": int(row["msgtime"])}
    if kind == "vote":
        return poll_body(polls[row["msgid"]]["voteid"], int(polls[row["msgid"]]["votetype"]))
    if kind == "redpacket":
        body = packets[row["msgid"]]
        return red_packet_body(int(body["type"]), int(body["totalcnt"]), int(body["totalamount"]))
    shown = people.shown(row["content_hash"])
    if kind == "text":
        return {"content": shown}
    if kind == "mixed":
        picture = {"md5sum": f"{people.number(row['from']):032x}", "filesize": 4_096}
        items = [{"type": "text", "content": dumped({"content": shown})}, {"type": "image", "content": dumped(picture)}]
        return {"item": items}
    assert isinstance(shown, dict)
    return shown


def consents(file: File, people: People) -> bytes:
    """check_room_agree and check_single_agree: who agreed to the archive, a hundred people per call."""

    def calls() -> Iterator[dict[str, Any]]:
        for chat, rows in groupby(file.only, lambda r: r["chat_id"]):
            found = list(rows)
            for k in range(0, len(found), 100):
                said = [
                    {"status_change_time": int(r["status_change_time"]), "agree_status": r["agree_status"],
                     "exteranalopenid": people.raw(r["external_userid"])} for r in found[k : k + 100]
                ]  # fmt: skip
                if chat:
                    request: dict[str, Any] = {"roomid": chat}
                else:
                    request = {"info": [{"userid": "wangwei", "exteranalopenid": x["exteranalopenid"]} for x in said]}
                    said = [{"userid": "wangwei", **x} for x in said]
                api = "msgaudit/check_room_agree" if chat else "msgaudit/check_single_agree"
                yield recorded(api, request, {"agreeinfo": said}, file.exported)

    return json_lines(calls())


def contact_statistics(file: File, people: People) -> bytes:
    """get_user_behavior_data, one member of staff and day per call: the reply does not say whose it is."""

    def calls() -> Iterator[dict[str, Any]]:
        for row in file.only:
            day = int(row["stat_time"])
            data = {"stat_time": day, **_numbers(row, STATISTICS["contact_statistics"])}
            request = {"userid": [people.raw(row["userid"])], "start_time": day, "end_time": day}
            yield recorded("externalcontact/get_user_behavior_data", request, {"behavior_data": [data]}, file.exported)

    return json_lines(calls())


def group_statistics(file: File, people: People) -> bytes:
    """groupchat/statistic, one day per call: the reply does not say of which day it is."""

    def calls() -> Iterator[dict[str, Any]]:
        for day, rows in groupby(file.only, lambda r: int(r["stat_time"])):
            found = list(rows)
            items = [
                {"owner": people.raw(r["owner"]), "data": _numbers(r, STATISTICS["group_statistics"])} for r in found
            ]
            owners = {"userid_list": [item["owner"] for item in items]}
            request = {"day_begin_time": day, "day_end_time": day, "owner_filter": owners, "order_by": 2}
            response = {"total": len(items), "next_offset": len(items), "items": items}
            yield recorded("externalcontact/groupchat/statistic", request, response, file.exported)

    return json_lines(calls())


def acquisition_links(file: File, people: People) -> bytes:
    """customer_acquisition/statistic, one link and day per call; the collector adds the name of the link."""
    del people
    counts = ("click_link_customer_cnt", "new_customer_cnt")
    return json_lines(
        recorded(
            "externalcontact/customer_acquisition/statistic",
            {"link_id": r["link_id"], "link_name": r["link_name"], "start_time": int(r["stat_time"]),
             "end_time": int(r["stat_time"])},
            _numbers(r, counts),
            file.exported,
        )
        for r in file.only
    )  # fmt: skip


def _numbers(row: Cells, names: tuple[str, ...]) -> dict[str, int | float]:
    """Numbers of a row; what the platform did not compute is absent."""
    return {name: float(row[name]) if "." in row[name] else int(row[name]) for name in names if row[name]}
