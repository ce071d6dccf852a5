"""Replies of shops, channels, accounts and advertising platforms, and what lands of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ingesting import decoded, json_text

# ---------------------------------------------------------------- 微信小店
PRODUCT = {
    "product_id": "P1",
    "sku_id": "S1",
    "title": "精华液",
    "sku_cnt": 1,
    "sale_price": 19900,
    "real_price": 19900,
}
PRICE = {
    "product_price": 19900,
    "order_price": 19900,
    "freight": 0,
    "discounted_price": 0,
    "merchant_receieve_price": 1,
}
ORDER = {
    "order_id": "3776192645121785169",
    "openid": "oXq7A",
    "unionid": "o6A",
    "status": 20,
    "create_time": 1761925260,
    "update_time": 1761998460,
    "order_detail": {"product_infos": [PRODUCT], "price_info": PRICE, "pay_info": {"pay_time": 1761926460}},
}


def test_an_order_of_the_store_lands_with_its_lines(tmp_path: Path) -> None:
    gift = {**PRODUCT, "sku_id": "S2", "is_free_gift": 1, "on_aftersale_sku_cnt": 0, "finish_aftersale_sku_cnt": 1}
    order = {**ORDER, "order_detail": {**ORDER["order_detail"], "product_infos": [PRODUCT, gift]}}
    found = decoded(tmp_path, "orders.jsonl", [{"errcode": 0, "order": order}, {"errcode": 0, "order": ORDER}])
    assert found.rows["wechat_store__orders"][0] == {
        "order_id": "3776192645121785169", "openid": "op_<oXq7A>", "unionid": "un_<o6A>", "status": "20",
        "create_time": "1761925260", "pay_time": "1761926460", "update_time": "1761998460", "product_price": "19900",
        "freight": "0", "discounted_price": "0", "order_price": "19900",
    }  # fmt: skip
    lines = found.full["wechat_store__order_lines"]
    assert [(row["is_free_gift"], row["_source_row"]) for row in lines] == [("0", "1"), ("1", "2"), ("0", "3")]
    assert [row["finish_aftersale_sku_cnt"] for row in lines] == ["", "1", ""]
    assert found.said.account.landed == 2


def test_an_unpaid_order_has_no_pay_time_and_a_new_status_is_doubted(tmp_path: Path) -> None:
    unpaid = {**ORDER, "status": 11, "unionid": None, "order_detail": {"product_infos": [PRODUCT], "price_info": PRICE}}
    found = decoded(tmp_path, "o.json", json_text({"errcode": 0, "order": unpaid}))
    row = found.rows["wechat_store__orders"][0]
    assert (row["pay_time"], row["unionid"], row["status"]) == ("", "", "11")
    assert [(doubt.column, doubt.value, doubt.reason) for doubt in found.said.doubts] == [
        ("status", "11", "not one of the known codes")
    ]


def test_replies_may_be_an_array_or_stand_one_behind_the_other(tmp_path: Path) -> None:
    reply = {"errcode": 0, "order": ORDER}
    array = decoded(tmp_path, "a.json", json.dumps([reply] * 3, indent=1))
    chained = decoded(tmp_path, "b.json", json.dumps(reply, indent=2) * 2 + json_text(reply))
    one_line = decoded(tmp_path, "c.json", json_text(reply) * 3)
    for found in (array, chained, one_line):
        assert [row["_source_row"] for row in found.full["wechat_store__orders"]] == ["1", "2", "3"]


def test_a_line_without_its_number_is_set_aside_and_the_order_lands(tmp_path: Path) -> None:
    order = {**ORDER, "order_detail": {**ORDER["order_detail"], "product_infos": [{**PRODUCT, "sku_id": " "}, PRODUCT]}}
    found = decoded(tmp_path, "o.json", json_text({"order": order}))
    assert len(found.rows["wechat_store__order_lines"]) == 1
    assert found.rejected[0]["problem_column"] == "sku_id"
    assert (found.said.account.landed, found.said.account.quarantined) == (1, 0)


# ---------------------------------------------------------------- 快团团
SUB = {"sub_order_sn": "KT1-1", "external_sku_id": "P014", "goods_name": "护发素", "goods_number": 1}
SUB |= {"goods_price": 5720, "goods_amount": 5720, "already_cancel_number": 1, "cancel_status": 0, "goods_id": 1}
KTT = {
    "order_sn": "KT1", "activity_no": "T1", "activity_title": "团", "participate_no": 6, "is_supplier": False,
    "help_sell_open_id": None, "help_sell_nickname": None, "nick_name": "小明", "open_id": "oKttA",
    "order_amount": 6320, "shipping_amount": 600, "discount_amount": 0, "platform_discount_amount": 0,
    "theoretical_refund_amount": 0, "after_sales_status": 0, "cancel_status": 0, "mall_activity_type": 0,
    "confirm_at": 1762490719000, "updated_at": 1764073440000, "receiver_name": "王小明",
    "receiver_mobile": "13800138000",
    "receiver_address_detail": "幸福路1号", "custom_item_list": [{"name": "房号", "value": "606"}],
    "sub_order_list": [SUB], "gift_order_list": [],
}  # fmt: skip


def ktt(*orders: dict) -> dict:
    return {"ktt_order_list_response": {"order_list": list(orders), "total_count": len(orders)}}


def test_an_order_list_of_kuaituantuan_is_one_record_of_many_rows(tmp_path: Path) -> None:
    supplier = {**KTT, "order_sn": "KT2", "is_supplier": True, "help_sell_open_id": "oKttB", "supply_activity_no": "T9"}
    found = decoded(tmp_path, "ktt.json", json.dumps(ktt(KTT, supplier), indent=1))
    first, second = found.full["kuaituantuan__orders"]
    assert (first["is_supplier"], first["help_sell_open_id"], first["supply_activity_no"]) == ("0", "", "")
    assert (second["is_supplier"], second["help_sell_open_id"], second["open_id"]) == ("1", "op_<oKttB>", "op_<oKttA>")
    assert [first["_source_row"], second["_source_row"]] == ["1", "2"]
    assert found.said.account.read == 1
    assert not {"王小明", "小明", "13800138000", "幸福路1号"} & {
        value for row in found.full.values() for r in row for value in r.values()
    }


def test_replies_with_another_envelope_are_the_same_replies(tmp_path: Path) -> None:
    inner = ktt(KTT)["ktt_order_list_response"]
    found = decoded(
        tmp_path, "k.jsonl", [inner, {"response": inner}, {"api": "x", "request": {}, "response": ktt(KTT)}]
    )
    assert len(found.rows["kuaituantuan__orders"]) == 3


def test_gifts_are_numbered_behind_all_lines_of_their_reply(tmp_path: Path) -> None:
    gift = {"sub_order_sn": "G", "goods_name": "小样", "goods_number": 1}
    orders = [{**KTT, "order_sn": name, "gift_order_list": [gift]} for name in ("KT1", "KT2")]
    rows = decoded(tmp_path, "k.json", json_text(ktt(*orders))).full["kuaituantuan__order_lines"]
    assert [(row["order_sn"], row["is_gift"], row["_source_row"]) for row in rows] == [
        ("KT1", "0", "1"), ("KT2", "0", "2"), ("KT1", "1", "3"), ("KT2", "1", "4"),
    ]  # fmt: skip


def test_lines_and_gifts_of_kuaituantuan(tmp_path: Path) -> None:
    gifts = [
        {"host_sub_order_sn": "KT1-1", "sku_id": 77, "external_sku_id": "P024", "goods_name": "小样", "goods_number": 1}
    ]
    found = decoded(tmp_path, "ktt.json", json_text(ktt({**KTT, "gift_order_list": gifts})))
    sold, gift = found.rows["kuaituantuan__order_lines"]
    assert sold == {
        "order_sn": "KT1", "sub_order_sn": "KT1-1", "goods_external_id": "P014", "goods_name": "护发素",
        "goods_number": "1", "goods_price": "5720", "goods_amount": "5720", "already_cancel_number": "1",
        "is_gift": "0",
    }  # fmt: skip
    assert (gift["sub_order_sn"], gift["goods_amount"], gift["is_gift"]) == ("KT1-1-gift-77", "0", "1")


def test_orders_of_the_increment_query_and_refused_calls(tmp_path: Path) -> None:
    error = {"error_response": {"error_code": 10019, "error_msg": "client_id与token不一致"}}
    reply = {"ktt_increment_order_query_response": {"order_list": [{**KTT, "after_sales_status": 5}]}}
    found = decoded(tmp_path, "ktt.jsonl", [error, reply])
    assert found.rows["kuaituantuan__orders"][0]["after_sales_status"] == "5"  # lands, and staging sets it aside
    assert [(doubt.column, doubt.value) for doubt in found.said.doubts] == [("after_sales_status", "5")]
    assert found.said.account.ignored == 1


def test_activities_of_kuaituantuan(tmp_path: Path) -> None:
    activity = {"activity_no": "T1", "activity_title": "走量团", "status": -5, "start_at": 1762477200000}
    activity |= {"end_at": 1762779600000, "min_participants": 8, "goods_external_id": "P014", "chat_id": None}
    reply = {"ktt_activity_list_response": {"activity_list": [activity]}}
    found = decoded(tmp_path, "a.jsonl", [reply, {"activity_list": [activity]}])
    assert [row["status"] for row in found.rows["kuaituantuan__activities"]] == ["-5", "-5"]
    assert found.rows["kuaituantuan__activities"][0]["chat_id"] == ""


# ---------------------------------------------------------------- 视频号
SUMMARY = {"new_watch_uv": 120, "impression_uv": 575, "max_online_watch_uv": 40, "comment_uv": 24, "hot_quota": 9}
EC = {"total_gmv": 4913, "total_pay_pv": 1, "total_pay_uv": 1, "cumulative_audience_count": 125, "refund_amount": 0}


@pytest.mark.parametrize("as_text", [json_text, lambda value: value], ids=["text", "object"])
@pytest.mark.parametrize("nested", [True, False])
def test_the_live_dashboard_holds_json_in_texts(tmp_path: Path, as_text: object, nested: bool) -> None:
    data = {"start_time": 1762516800, "live_duration": 7990}
    data |= {"live_dashboard_data": {"summary": SUMMARY}} if nested else {"summary": SUMMARY}
    live = {"export_id": "export/A", "create_time": 1762516800, "on_air": ""}
    live |= {"live_dashboard_data": as_text(data), "live_ec_data_summary": as_text(EC)}
    row = decoded(tmp_path, "live.jsonl", [live]).rows["wechat_channels__live_sessions"][0]
    assert (row["new_watch_uv"], row["cumulative_audience_count"], row["total_gmv"]) == ("120", "125", "4913")
    assert (row["create_time"], row["end_time"]) == ("1762516800", "1762524790")


def test_a_live_on_air_has_no_end_and_a_list_of_lives_no_figures(tmp_path: Path) -> None:
    live = {
        "export_id": "export/A",
        "create_time": 1762516800000,
        "live_dashboard_data": json_text({"summary": SUMMARY}),
    }
    listed = {"live_items": [{"export_id": "export/A", "create_time": 1762516800}], "has_more": False}
    found = decoded(tmp_path, "live.jsonl", [listed, live])
    row = found.rows["wechat_channels__live_sessions"][0]
    assert (row["create_time"], row["end_time"], row["total_gmv"]) == ("1762516800", "", "")
    assert found.said.account.ignored == 1


def test_the_session_may_be_named_by_the_request_or_the_list(tmp_path: Path) -> None:
    reply = {"errcode": 0, "live_dashboard_data": json_text({"summary": SUMMARY})}
    listed = {**reply, "live_items": [{"export_id": "export/B", "create_time": 1762516800}]}
    lines = [{"request": {"export_id": "export/A"}, "response": reply}, listed, reply]
    found = decoded(tmp_path, "live.jsonl", lines)
    assert [row["export_id"] for row in found.rows["wechat_channels__live_sessions"]] == ["export/A", "export/B"]
    assert found.rejected[0]["problem_column"] == "export_id"


def test_text_that_is_no_json_leaves_its_figures_blank(tmp_path: Path) -> None:
    live = {"export_id": "export/A", "create_time": 1, "live_dashboard_data": "{broken", "live_ec_data_summary": ""}
    row = decoded(tmp_path, "live.jsonl", [live]).rows["wechat_channels__live_sessions"][0]
    assert (row["new_watch_uv"], row["total_gmv"]) == ("", "")


# ---------------------------------------------------------------- 公众号
DETAIL = {"stat_date": "2025-11-02", "read_user": 175, "share_user": 9, "like_user": 8, "zaikan_user": 5}


def test_articles_are_cumulative_rows_by_day(tmp_path: Path) -> None:
    article = {"ref_date": "2025-11-02", "msgid": "2650001_1", "title": "护肤笔记", "publish_type": 1}
    days = [{**DETAIL, "praise_money": 0}, {**DETAIL, "stat_date": "2025-11-03", "collection_user": 6}]
    found = decoded(
        tmp_path, "articles.json", json_text({"list": [{**article, "detail_list": days}], "is_delay": False})
    )
    rows = found.full["wechat_official__articles"]
    assert [(row["msgid"], row["stat_date"], row["_source_row"]) for row in rows] == [
        ("2650001_1", "2025-11-02", "1"), ("2650001_1", "2025-11-03", "2"),
    ]  # fmt: skip
    assert [row["collection_user"] for row in rows] == ["", "6"]
    assert found.said.unknown_columns == {}


def test_an_article_without_days_yet_and_a_reply_without_articles_give_no_rows(tmp_path: Path) -> None:
    article = {"ref_date": "2025-11-02", "msgid": "1_1", "title": "t", "detail_list": [DETAIL]}
    lines = [{"list": []}, {"errcode": 61501, "errmsg": "date range error"}, {"list": [article]}]
    found = decoded(tmp_path, "a.jsonl", lines)
    assert len(found.rows["wechat_official__articles"]) == 1
    assert found.said.account.ignored_reasons == {"a reply without rows": 1, "error reply": 1}


def test_the_summary_call_with_its_total_row_is_not_read(tmp_path: Path) -> None:
    item = {"ref_date": "2025-11-02", "msgid": "1_1", "title": "t", "user_source": 99999999, "int_page_read_user": 5}
    found = decoded(tmp_path, "a.json", json_text({"list": [item]}))
    assert found.rows == {}
    assert "getarticletotaldetail" in next(iter(found.said.account.ignored_reasons))


# ---------------------------------------------------------------- 腾讯广告
AD = {"date": "2025-11-01", "adgroup_id": 9100000001, "adgroup_name": "朋友圈", "view_count": 14, "view_user_count": 10}
AD |= {"valid_click_count": 0, "cost": 51, "conversions_count": 0, "ctr": 0.0, "wechat_minigame_checkout_amount": 5}


def ads(*items: dict) -> dict:
    return {"code": 0, "message": "", "data": {"list": list(items), "page_info": {"page": 1, "total_number": 1}}}


def test_ad_reports_are_in_fen_and_new_fields_are_named(tmp_path: Path) -> None:
    found = decoded(tmp_path, "ads.json", json_text(ads(AD, {**AD, "date": "2025-11-02"})))
    assert found.rows["tencent_ads__daily"][0] == {
        "date": "2025-11-01", "adgroup_id": "9100000001", "adgroup_name": "朋友圈", "view_count": "14",
        "view_user_count": "10", "valid_click_count": "0", "cost": "51", "conversions_count": "0",
    }  # fmt: skip
    assert found.said.unknown_columns["tencent_ads__daily", "wechat_minigame_checkout_amount"] == 2


def test_reports_by_hour_are_set_aside(tmp_path: Path) -> None:
    found = decoded(tmp_path, "ads.jsonl", [ads({**AD, "hour": 3}), ads(AD)])
    assert len(found.rows["tencent_ads__daily"]) == 1
    assert "by hour" in found.rejected[0]["problem_reason"]


def test_refused_ad_calls_are_ignored(tmp_path: Path) -> None:
    found = decoded(tmp_path, "ads.jsonl", [{"code": 11000, "message": "token expired"}, ads(AD), ads()])
    assert found.said.account.ignored_reasons == {"error reply": 1, "a reply without rows": 1}


# ---------------------------------------------------------------- SCRM
def test_scrm_lines_have_the_names_of_the_columns(tmp_path: Path) -> None:
    click = {
        "external_userid": "wmA",
        "chat_id": "wrA",
        "click_time": 1761933046807,
        "link_id": "lk1",
        "link_type": "live",
    }
    reach = {"campaign_id": "HD003", "external_userid": "wmA", "action": "share", "action_time": 1763562521000}
    found = decoded(tmp_path, "scrm.jsonl", [click, {**click, "external_userid": None}, reach])
    assert found.rows["scrm__link_clicks"][0]["external_userid"] == "wm_<wmA>"
    assert found.rows["scrm__campaign_reach"][0]["action"] == "share"
    assert found.rejected[0]["problem_column"] == "external_userid"
    assert [(doubt.column, doubt.value) for doubt in found.said.doubts] == [("action", "share")]


def test_scrm_content_in_all_its_columns(tmp_path: Path) -> None:
    content = {"content_id": "CT1", "标题": "晒单", "内容类型": "短视频", "author": "wmA", "chat_id": "wrA"}
    content |= {"campaign_id": "", "是否晒单": 1, "published_at": 1761011160000}
    daily = {"stat_date": "2025-11-01", "content_id": "CT1", "view_cnt": 2, "click_cnt": 1}
    person = {"external_userid": "wmA", "age_band": "35-44", "gender": 2, "region": "上海"}
    found = decoded(tmp_path, "s.jsonl", [content, daily, person])
    assert found.rows["scrm__content_items"][0]["author"] == "wm_<wmA>"
    assert found.rows["scrm__content_daily"][0]["like_cnt"] == ""
    assert found.rows["scrm__customer_demographics"][0]["region"] == "上海"
