"""Original files of JSON and XML as the platforms give them, and what lands of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ingesting import decoded, json_text

CALL = {"api": "", "request": {}, "response": {"errcode": 0, "errmsg": "ok"}, "fetched_at": "2025-11-22 07:00:00"}


def call(request: dict, response: dict, **more: object) -> dict:
    return {**CALL, "request": request, "response": {"errcode": 0, "errmsg": "ok", **response}, **more}


GROUP = {
    "chat_id": "wrAbC",
    "name": "上海福利1群🎉",
    "owner": "wangwei",
    "create_time": 1746778334,
    "notice": "微信号 13800138000",
    "member_version": "v1",
    "member_list": [
        {"userid": "wangwei", "type": 1, "join_time": 1746778334, "join_scene": 1},
        {"userid": "wmA", "type": 2, "unionid": "o6A", "join_time": 1746778335, "join_scene": 3, "state": "qr1"}
        | {"invitor": {"userid": "wangwei"}, "group_nickname": "小明妈妈", "name": "小明"},
        {"userid": "wbBot", "type": 2, "join_time": 1746778336, "join_scene": 2},
    ],
    "admin_list": [{"userid": "wangwei"}],
}


# ---------------------------------------------------------------- 企业微信: groups and members
def test_a_recorded_group_lands_as_a_group_and_its_members(tmp_path: Path) -> None:
    found = decoded(tmp_path, "groups.jsonl", [call({"chat_id": "wrAbC"}, {"status": 0, "group_chat": GROUP})])
    assert found.rows["wecom__group_chats"] == [
        {"chat_id": "wrAbC", "name": "上海福利1群🎉", "owner": "st_<wangwei>", "create_time": "1746778334"}
        | {"status": "0", "member_version": "v1"}
    ]
    members = found.full["wecom__group_members"]
    assert [row["userid"] for row in members] == ["st_<wangwei>", "wm_<wmA>", "wb_<wbBot>"]
    assert [row["_source_row"] for row in members] == ["1", "2", "3"]
    assert members[1]["unionid"] == "un_<o6A>"
    assert members[1]["invitor"] == "st_<wangwei>"
    assert {row["_exported_at"] for row in members} == {"2025-11-22 07:00:00"}  # fetched_at goes before the file's time
    assert "小明" not in str(found.full)


def test_the_bare_reply_is_read_as_well_as_the_recorded_call(tmp_path: Path) -> None:
    found = decoded(tmp_path, "group_20251122_070000.json", json.dumps({"errcode": 0, "group_chat": GROUP}, indent=2))
    assert len(found.rows["wecom__group_members"]) == 3
    assert found.full["wecom__group_chats"][0]["_exported_at"] == "2025-11-22 07:00:00"  # of the file's name
    assert found.rows["wecom__group_chats"][0]["status"] == ""  # not in this reply, and not made up


def test_members_are_numbered_through_the_file(tmp_path: Path) -> None:
    found = decoded(tmp_path, "g.jsonl", [{"group_chat": GROUP}, {"group_chat": GROUP}])
    assert [row["_source_row"] for row in found.full["wecom__group_members"]] == ["1", "2", "3", "4", "5", "6"]
    assert [row["_source_row"] for row in found.full["wecom__group_chats"]] == ["1", "2"]


def test_weisheng_writes_milliseconds_and_the_inviter_as_text(tmp_path: Path) -> None:
    member = {
        "userid": "wmA",
        "type": 2,
        "join_time": 1608269181797,
        "user_chat_nick_name": "小红",
        "invitor": "wangwei",
    }
    found = decoded(tmp_path, "w.json", json_text({"code": 0, "data": {"chat_id": "wrA", "member_list": [member]}}))
    row = found.rows["wecom__group_members"][0]
    assert (row["join_time"], row["invitor"]) == ("1608269181", "st_<wangwei>")
    assert found.said.unknown_columns == {}


def test_weiban_keeps_who_left_as_deleted_rows_which_do_not_land(tmp_path: Path) -> None:
    here = {"chat_id": "wrA", "user_id": "wmA", "user_type": 2, "join_scene": 3, "join_time": 1608269181}
    gone = {**here, "user_id": "wmB"}
    reply = {"code": 0, "data": {"list": [{**here, "deleted": False}, {**gone, "deleted": True, "deleted_time": 1}]}}
    found = decoded(tmp_path, "w.json", json_text(reply))
    assert [row["userid"] for row in found.rows["wecom__group_members"]] == ["wm_<wmA>"]


# ---------------------------------------------------------------- 企业微信: callbacks
def xml(**tags: str) -> str:
    return "<xml>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in tags.items()) + "</xml>"


EVENT = {"Event": "change_external_chat", "ChatId": "wrA", "ChangeType": "update", "CreateTime": "1761926400"}


def test_member_lists_of_callbacks_come_in_two_encodings(tmp_path: Path) -> None:
    text = "\n".join(
        [
            xml(**EVENT, UpdateDetail="add_member", JoinScene="0", MemChangeList="<![CDATA[wmA,wmB]]>"),
            xml(
                **EVENT, UpdateDetail="add_member", JoinScene="0", MemChangeList="<Item>wmA</Item><Item>wangwei</Item>"
            ),
            xml(**EVENT, UpdateDetail="add_member", JoinScene="3", MemChangeList="<Item>wmA</Item>"),
            xml(**EVENT, UpdateDetail="add_member", JoinScene="3", MemChangeCnt="2"),
        ]
    )
    rows = decoded(tmp_path, "callbacks.xml", text).rows["wecom__group_events"]
    assert [row["MemChangeList"] for row in rows] == ["wm_<wmA>,wm_<wmB>", "wm_<wmA>,st_<wangwei>", "wm_<wmA>", ""]
    assert rows[3]["MemChangeCnt"] == "2"


def test_left_by_self_is_zero_and_not_blank(tmp_path: Path) -> None:
    text = xml(**EVENT, UpdateDetail="del_member", QuitScene="0") + xml(**EVENT, UpdateDetail="change_name")
    rows = decoded(tmp_path, "c.xml", text).rows["wecom__group_events"]
    assert [row["QuitScene"] for row in rows] == ["0", ""]


def test_third_party_apps_call_event_and_time_differently(tmp_path: Path) -> None:
    text = xml(InfoType="change_external_chat", TimeStamp="1761926400", ChatId="wrA", ChangeType="dismiss", SuiteId="x")
    row = decoded(tmp_path, "c.xml", f'<?xml version="1.0"?>\n{text}').rows["wecom__group_events"][0]
    assert (row["CreateTime"], row["ChangeType"]) == ("1761926400", "dismiss")


def test_events_may_stand_in_json_lines(tmp_path: Path) -> None:
    event = xml(**EVENT, UpdateDetail="add_member", JoinScene="3", MemChangeList="<Item>wmA</Item>")
    found = decoded(tmp_path, "c.jsonl", [event and json_text(event), {"at": "x", "body": event}])
    assert [row["_source_row"] for row in found.full["wecom__group_events"]] == ["1", "2"]


def test_events_of_customers_are_ignored_with_a_reason_and_consent_lands(tmp_path: Path) -> None:
    other = xml(Event="change_external_contact", ChangeType="del_follow_user", CreateTime="1", ExternalUserID="wmA")
    consent = xml(
        Event="change_external_contact", ChangeType="msg_audit_approved", CreateTime="1761926400", ExternalUserID="wmA"
    )
    found = decoded(tmp_path, "c.xml", other + consent + xml(**EVENT))
    assert found.said.account.ignored_reasons == {"an event of a customer; customers come from externalcontact/get": 1}
    assert found.rows["wecom__consents"][0]["status_change_time"] == "1761926400"
    assert len(found.rows["wecom__group_events"]) == 1


def test_a_cut_event_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    text = xml(**EVENT) + "<xml><Event>change_ext" + xml(**EVENT) + "<xml><Ev"
    found = decoded(tmp_path, "c.xml", text)
    assert len(found.rows["wecom__group_events"]) == 2
    assert [row["problem_reason"][:8] for row in found.rejected] == ["text tha", "the file"]
    assert found.said.account.read == 4


# ---------------------------------------------------------------- 企业微信: customers
FOLLOW = {"userid": "wangwei", "remark": "李女士", "createtime": 1734176520, "add_way": 1, "state": "qr1", "tags": []}
CUSTOMER = {"external_userid": "wmA", "name": "小明", "type": 1, "unionid": "o6A", "gender": 2}


def test_a_customer_has_a_row_per_colleague(tmp_path: Path) -> None:
    follows = [{**FOLLOW, "remark_mobiles": ["13800138000", "138****8000"]}, {**FOLLOW, "userid": "lili"}]
    found = decoded(tmp_path, "c.jsonl", [call({}, {"external_contact": CUSTOMER, "follow_user": follows})])
    first, second = found.rows["wecom__customers"]
    assert first == {
        "external_userid": "wm_<wmA>", "type": "1", "unionid": "un_<o6A>", "follow_userid": "st_<wangwei>",
        "createtime": "1734176520", "add_way": "1", "state": "qr1", "remark_mobiles": '["ph_<13800138000>"]',
    }  # fmt: skip
    assert (second["follow_userid"], second["remark_mobiles"]) == ("st_<lili>", "")
    assert found.said.masked == {("wecom__customers", "remark_mobiles"): 1}


@pytest.mark.parametrize("mobiles", [[], "[]"])
def test_an_empty_list_of_phones_may_be_a_text(tmp_path: Path, mobiles: object) -> None:
    follow = {**FOLLOW, "remark_mobiles": mobiles}
    found = decoded(tmp_path, "c.jsonl", [{"external_contact": CUSTOMER, "follow_user": [follow]}])
    assert found.rows["wecom__customers"][0]["remark_mobiles"] == "[]"


def test_batch_get_has_one_follow_info_and_tags_as_ids(tmp_path: Path) -> None:
    item = {"external_contact": CUSTOMER, "follow_info": {**FOLLOW, "tag_id": ["et1"], "remark_mobiles": []}}
    found = decoded(tmp_path, "b.json", json_text({"errcode": 0, "external_contact_list": [item, item]}))
    assert [row["follow_userid"] for row in found.rows["wecom__customers"]] == ["st_<wangwei>"] * 2
    assert [row["_source_row"] for row in found.full["wecom__customers"]] == ["1", "2"]


def test_a_customer_who_was_erased_does_not_come_back(tmp_path: Path) -> None:
    erased = {**CUSTOMER, "external_userid": "wmerased"}
    found = decoded(tmp_path, "c.jsonl", [{"external_contact": erased, "follow_user": [FOLLOW]}])
    assert "wecom__customers" not in found.rows
    assert found.rejected[0]["problem_column"] == "external_userid"
    assert found.rejected[0]["problem_value"] == "wm…"
    assert found.said.account.quarantined == 1


# ---------------------------------------------------------------- 企业微信: the archive
def message(**parts: object) -> dict:
    base = {"seq": 1, "msgid": "m1", "action": "send", "from": "wmA", "tolist": ["x", "y"], "roomid": "wrA"}
    return {**base, "msgtime": 1761926400000, **parts}


def test_text_becomes_features_and_nothing_else(tmp_path: Path) -> None:
    text = {"msgtype": "text", "text": {"content": "面膜很好用，我叫王小明"}}
    found = decoded(tmp_path, "m.jsonl", [message(**text), message(msgtype="text", text={"content": "收到"})])
    first, second = found.rows["wecom__messages"]
    assert (first["text_length"], first["terms"], first["polarity"], first["is_solitaire"]) == ("11", "面膜", "1", "0")
    assert (second["is_stop_phrase"], second["polarity"]) == ("1", "0")
    assert "王小明" not in str(found.full) + str(vars(found.said))


def test_ids_of_many_digits_stay_whole(tmp_path: Path) -> None:
    lines = [
        '{"seq":18446744073709551615,"msgid":118732825779547782215,"action":"send","from":"wmA","roomid":""'
        ',"msgtime":1761926400000,"msgtype":"image","image":{"md5sum":"x"}}'
    ]
    row = decoded(tmp_path, "m.jsonl", lines).rows["wecom__messages"][0]
    assert (row["seq"], row["msgid"], row["roomid"]) == ("18446744073709551615", "118732825779547782215", "")


def test_recall_and_switch_are_rows_of_their_own(tmp_path: Path) -> None:
    recall = message(msgid="m2", action="recall", msgtype="revoke", revoke={"pre_msgid": "m1"})
    switch = {"msgid": "m3", "action": "switch", "time": 1761926400001, "user": "wangwei"}
    rows = decoded(tmp_path, "m.jsonl", [recall, switch]).rows["wecom__messages"]
    assert (rows[0]["msgtype"], rows[0]["pre_msgid"], rows[0]["content_hash"]) == ("revoke", "m1", "")
    filled = {name: value for name, value in rows[1].items() if value}
    assert filled == {"msgid": "m3", "action": "switch", "switch_time": "1761926400001"}


def test_bodies_under_another_key_and_json_in_json_are_read(tmp_path: Path) -> None:
    item = [{"type": "text", "content": '{"content":"你好"}'}, {"type": "image", "content": '{"md5sum":"x"}'}]
    messages = [
        message(msgtype="mixed", mixed={"item": [*item, {"type": "text", "content": '{"content":"面膜"}'}]}),
        message(msgtype="markdown", info={"content": "# 好"}),
        message(msgtype="docmsg", doc={"title": "t", "link_url": "https://a"}),
        message(msgtype="news", info={"item": [{"title": "t"}]}),
        message(msgtype="voice", voice={"md5sum": "v", "play_length": 12}),
        message(msgtype="chatrecord", chatrecord={"title": "t", "item": [{"msgtime": 1603875610, "content": "{}"}]}),
    ]
    rows = decoded(tmp_path, "m.jsonl", messages).rows["wecom__messages"]
    assert [row["text_length"] for row in rows] == ["5", "3", "", "", "", ""]
    assert [row["voice_seconds"] for row in rows] == ["", "", "", "", "12", ""]
    assert all(row["content_hash"] for row in rows)
    assert all(row["is_stop_phrase"] == "" for row in rows[2:])


def test_the_same_picture_has_the_same_hash_whoever_sends_it(tmp_path: Path) -> None:
    same = [message(msgtype="image", image={"md5sum": "a", "sdkfileid": str(n)}) for n in range(2)]
    rows = decoded(tmp_path, "m.jsonl", [*same, message(msgtype="image", image={"md5sum": "b"})]).rows
    hashes = [row["content_hash"] for row in rows["wecom__messages"]]
    assert hashes[0] == hashes[1] != hashes[2]


def test_votes_red_packets_and_consents_land_beside_their_message(tmp_path: Path) -> None:
    messages = [
        message(msgtype="vote", vote={"votetitle": "吃什么", "voteid": "v1", "votetype": 102, "voteitem": ["面"]}),
        message(msgtype="redpacket", redpacket={"type": 2, "totalcnt": 5, "totalamount": 3000, "wish": "恭喜"}),
        message(msgtype="external_redpacket", redpacket={"type": 1, "totalcnt": 1, "totalamount": 88}),
        message(msgtype="agree", agree={"userid": "wmA", "agree_time": 1603875826656}),
        message(msgtype="disagree", disagree={"userid": "wmA", "disagree_time": 1603875827}),
    ]
    found = decoded(tmp_path, "m.jsonl", messages)
    poll = found.rows["wecom__polls"][0]
    assert (poll["msgid"], poll["from"], poll["voteid"], poll["votetype"]) == ("m1", "wm_<wmA>", "v1", "102")
    assert [row["totalamount"] for row in found.rows["wecom__red_packets"]] == ["3000", "88"]
    assert [row["_source_row"] for row in found.full["wecom__red_packets"]] == ["2", "3"]
    consents = [(row["agree_status"], row["status_change_time"]) for row in found.rows["wecom__consents"]]
    assert consents == [("Agree", "1603875826"), ("Disagree", "1603875827")]
    assert found.said.account.landed == 5
    assert [row["content_hash"] for row in found.rows["wecom__messages"]][3:] == ["", ""]


def test_a_message_without_a_time_lands_and_is_doubted(tmp_path: Path) -> None:
    found = decoded(tmp_path, "m.jsonl", [message(msgtype="image", image={"md5sum": "x"}, msgtime=0)])
    doubt = found.said.doubts[0]
    assert (doubt.export, doubt.column, doubt.value, doubt.first_row) == ("wecom__messages", "msgtime", "0", 1)
    assert found.rows["wecom__messages"][0]["msgtime"] == "0"


# ---------------------------------------------------------------- 企业微信: statistics
def test_contact_statistics_keep_absent_apart_from_zero(tmp_path: Path) -> None:
    day = {"stat_time": 1763654400, "new_apply_cnt": 0, "chat_cnt": 0}
    with_reply = {**day, "reply_percentage": 100.0, "avg_reply_time": 1}
    lines = [call({"userid": ["wangwei"]}, {"behavior_data": [day, with_reply]})]
    rows = decoded(tmp_path, "s.jsonl", lines).rows["wecom__contact_statistics"]
    assert [(row["reply_percentage"], row["new_apply_cnt"]) for row in rows] == [("", "0"), ("100.0", "0")]


def test_a_percentage_keeps_its_zeros(tmp_path: Path) -> None:
    line = '{"request":{"userid":["wangwei"]},"response":{"behavior_data":[{"stat_time":1,"reply_percentage":60.10}]}}'
    assert decoded(tmp_path, "s.jsonl", [line]).rows["wecom__contact_statistics"][0]["reply_percentage"] == "60.10"


def test_statistics_of_several_members_cannot_be_parted(tmp_path: Path) -> None:
    lines = [call({"userid": ["wangwei", "lili"]}, {"behavior_data": [{"stat_time": 1763654400}]})]
    found = decoded(tmp_path, "s.jsonl", lines)
    assert list(found.rows) == ["ingest__rejected_rows"]
    assert found.rejected[0]["problem_column"] == "userid"


ITEM = {"owner": "wangwei", "data": {"new_chat_cnt": 0, "chat_total": 2, "member_total": 300, "msg_total": 7964}}


def test_group_statistics_take_their_day_from_the_request(tmp_path: Path) -> None:
    item = {**ITEM, "data": {**ITEM["data"], "migrate_trainee_chat_cnt": 0}}
    found = decoded(tmp_path, "g.jsonl", [call({"day_begin_time": 1763654400}, {"items": [item, ITEM]})])
    assert [row["stat_time"] for row in found.rows["wecom__group_statistics"]] == ["1763654400"] * 2
    assert found.rows["wecom__group_statistics"][0]["member_has_msg"] == ""


def test_group_statistics_of_several_days_belong_to_none(tmp_path: Path) -> None:
    request = {"day_begin_time": 1763654400, "day_end_time": 1763654400 + 86400}
    same_day = {"day_begin_time": 1763654400, "day_end_time": 1763654400 + 86399}
    found = decoded(tmp_path, "g.jsonl", [call(request, {"items": [ITEM]}), call(same_day, {"items": [ITEM]})])
    assert len(found.rows["wecom__group_statistics"]) == 1
    assert "several days" in found.rejected[0]["problem_reason"]


def test_a_bare_statistic_is_not_recognised_for_it_lacks_its_day(tmp_path: Path) -> None:
    found = decoded(tmp_path, "g.json", json_text({"errcode": 0, "items": [ITEM]}))
    nearest = found.said.unrecognised.nearest[0]
    assert (nearest.export, nearest.missing) == ("wecom__group_statistics", ("request.day_begin_time",))
    assert found.rows == {}


def test_statistics_by_day_have_no_owner_and_say_so(tmp_path: Path) -> None:
    found = decoded(tmp_path, "d.json", json_text({"items": [{"stat_time": 1763654400, "data": {"chat_total": 2}}]}))
    assert found.rejected[0]["problem_column"] == "owner"
    assert found.said.account.quarantined == 1


def test_acquisition_links_and_error_replies(tmp_path: Path) -> None:
    request = {"link_id": "cawcde0000", "link_name": "获客助手链接", "start_time": 1761926400, "end_time": 1761926400}
    good = call(request, {"click_link_customer_cnt": 9, "new_customer_cnt": 3})
    bad = call(request, {"errcode": 45009, "errmsg": "api freq out of limit"})
    found = decoded(tmp_path, "l.jsonl", [bad, good])
    assert found.full["wecom__acquisition_links"][0]["_source_row"] == "2"
    assert found.rows["wecom__acquisition_links"][0]["stat_time"] == "1761926400"
    assert found.said.account.ignored_reasons == {"error reply": 1}


def test_consent_as_the_platform_lists_it(tmp_path: Path) -> None:
    info = {"status_change_time": 1562766651, "exteranalopenid": "wmA", "agree_status": "Default_Agree"}
    found = decoded(tmp_path, "a.jsonl", [call({"roomid": "wrA"}, {"agreeinfo": [info]}), {"agreeinfo": [info]}])
    assert [row["chat_id"] for row in found.rows["wecom__consents"]] == ["wrA", ""]
    assert found.rows["wecom__consents"][0]["agree_status"] == "Default_Agree"


# ---------------------------------------------------------------- 微伴
CHECK_IN = {"id": "wmA", "nickname": "小明", "last_check_in_time": 1761893343, "total_days": 2, "succession_days": 1}


def test_check_ins_of_weiban(tmp_path: Path) -> None:
    entered = {**CHECK_IN, "id": "wmB", "last_check_in_time": 0, "total_days": 0, "phase": "first_entry"}
    data = {"activity_id": "DK001", "chat_id": "wrA", "list": [{**CHECK_IN, "phase": "joined"}, entered]}
    found = decoded(tmp_path, "checkin_20251102.json", json_text({"code": 0, "msg": "ok", "data": data}))
    assert [(row["phase"], row["last_check_in_time"]) for row in found.rows["weiban__check_ins"]] == [
        ("joined", "1761893343"), ("first_entry", "0"),
    ]  # fmt: skip
    assert found.said.doubts == []
    assert found.full["weiban__check_ins"][0]["_exported_at"] == "2025-11-02 00:00:00"


def test_check_ins_may_tell_the_activity_in_each_row_or_in_the_request(tmp_path: Path) -> None:
    item = {**CHECK_IN, "phase": "joined"}
    lines = [
        call({"activity_id": "DK1", "chat_id": "wrA"}, {"data": {"list": [item]}}),
        {"data": {"list": [{**item, "activity_id": "DK2", "chat_id": "wrB"}]}},
    ]
    rows = decoded(tmp_path, "c.jsonl", lines).rows["weiban__check_ins"]
    assert [(row["activity_id"], row["chat_id"]) for row in rows] == [("DK1", "wrA"), ("DK2", "wrB")]


def test_check_ins_without_their_activity_are_set_aside(tmp_path: Path) -> None:
    found = decoded(tmp_path, "c.json", json_text({"code": 0, "data": {"list": [{**CHECK_IN, "phase": "joined"}]}}))
    assert (found.rejected[0]["export_name"], found.rejected[0]["problem_column"]) == (
        "weiban__check_ins",
        "activity_id",
    )
    assert found.said.account.quarantined == 1
