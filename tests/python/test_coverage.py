"""Exports that end on different days, small enough to count on paper: what is not covered is unknown.

Members are known to 31 January (list of 1 February), orders to 31 March. Nothing tells which community
an order came from: no clicks, no promotion codes.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEIJING = dt.timezone(dt.timedelta(hours=8))
LIST, ORDERS = "2026-02-01 00:00:00", "2026-04-01 10:00:00"


def epoch(local):
    return str(int(dt.datetime.fromisoformat(local).replace(tzinfo=BEIJING).timestamp()))


def callback(at, key, detail, quit_scene=""):
    return {
        "CreateTime": epoch(at), "ChatId": "wr_a", "ChangeType": "update", "UpdateDetail": detail,
        "QuitScene": quit_scene, "MemChangeCnt": "1", "MemChangeList": key, "_exported_at": "2026-02-01 03:00:00",
    }  # fmt: skip


def member(key, joined):
    return {
        "chat_id": "wr_a", "userid": key, "type": "2", "join_time": epoch(joined), "join_scene": "3",
        "_exported_at": LIST,
    }  # fmt: skip


def youzan(number, paid, amount, phone):
    return {
        "订单号": number, "订单状态": "交易完成", "订单类型": "普通订单", "订单创建时间": paid, "买家付款时间": paid,
        "订单实付金额": amount, "推广方式": "——", "买家手机号": phone, "_exported_at": ORDERS,
    }  # fmt: skip


def store(number, paid, fen, union):
    return {
        "order_id": number, "openid": "op_1", "unionid": union, "status": "30", "create_time": epoch(paid),
        "pay_time": epoch(paid), "update_time": epoch(paid), "order_price": fen, "_exported_at": ORDERS,
    }  # fmt: skip


EXPORTS = {
    "wecom__group_chats": [
        {"chat_id": "wr_a", "name": "a", "owner": "st_o", "create_time": epoch("2026-01-01 00:00:00"), "status": "0"}
        | {"_exported_at": LIST}
    ],
    "wecom__group_events": [
        callback("2026-01-05 10:00:00", "wm_1", "add_member"),
        callback("2026-01-06 10:00:00", "wm_2", "add_member"),
        callback("2026-01-20 10:00:00", "wm_9", "del_member", "0"),  # nobody saw him join: he was there before
        callback("2026-01-28 10:00:00", "wm_3", "add_member"),
    ],
    "wecom__group_members": [
        member("wm_1", "2026-01-05 10:00:00"),
        member("wm_2", "2026-01-06 10:00:00"),
        member("wm_3", "2026-01-28 10:00:00"),
    ],
    "youzan__orders": [
        youzan("E1", "2026-01-10 10:00:00", "100.00", "ph_1"),
        youzan("E2", "2026-03-10 10:00:00", "50.00", "ph_1"),
        youzan("E3", "2026-04-01 09:00:00", "70.00", "ph_2"),  # the day of the export, which is not complete
    ],
    # one buyer: the second order shows only the openid that the first ties to the unionid
    "wechat_store__orders": [
        store("W1", "2026-01-12 10:00:00", "10000", "un_1"),
        store("W2", "2026-01-13 10:00:00", "20000", ""),
    ],
    "manual__costs": [
        {"费用编号": "c1", "开始日期": "2026/1/1", "结束日期": "2026/3/31", "费用类型": "工具", "金额": "90.00"}
        | {"_exported_at": ORDERS}
    ],
}
EXPECTED = {
    "new_memberships": {"2026-01-01": 3},
    "leaves": {"2026-01-01": 1},
    "memberships": {"2026-01-01": 3},
    "memberships_at_risk": {"2026-01-01": 4},
    "leave_rate": {"2026-01-01": 0.25},
    "membership_retention_rate_d1": {"2026-01-01": 1},  # the joins of 5, 6 and 28 January
    "membership_retention_rate_d7": {"2026-01-01": 1},  # those of 5 and 6 January
    "membership_retention_rate_d30": {},  # 4 February is not known
    "orders": {"2026-01-01": 3, "2026-02-01": 0, "2026-03-01": 1},
    "buyers": {"2026-01-01": 2, "2026-02-01": 0, "2026-03-01": 1},
    "net_sales": {"2026-01-01": 400, "2026-02-01": 0, "2026-03-01": 50},
    "revenue_per_buyer": {"2026-01-01": 200, "2026-03-01": 50},
    "order_conversion_rate": {},  # nobody knows which orders came from a community
    "community_roas": {},
    "messages": {},
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory, project_copy):
    landing = tmp_path_factory.mktemp("landing")
    for export, rows in EXPORTS.items():
        with (ROOT / "seeds" / "exports" / f"{export}.csv").open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        with (landing / f"{export}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
            writer.writeheader()
            for number, row in enumerate(rows, start=2):
                writer.writerow({"_source_file": f"{export}.csv", "_source_row": number} | row)
    project = project_copy(tmp_path_factory.mktemp("project"), exports=landing)
    built = project.dbt("build", "--exclude-resource-type", "test", "unit_test")
    assert built.returncode == 0, built.stdout
    return project.ask([(metric, "metric_time__month") for metric in EXPECTED])


@pytest.mark.parametrize("metric", EXPECTED)
def test_metric_equals_the_count_on_paper(answers, metric):
    assert answers[metric] == EXPECTED[metric]
