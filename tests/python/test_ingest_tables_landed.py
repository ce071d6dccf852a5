"""Tables through the whole decoder: persons become keys, rows without a key are set aside, the account adds up."""

from __future__ import annotations

import pytest
from harness.original_tables import xlsx
from ingesting import decoded

BILL = "交易时间,微信订单号,用户标识,交易状态,应结订单金额,退款金额,手续费,商品名称,订单金额,申请退款金额"
TOTALS = "总交易单数,应结订单总金额,退款总金额,手续费总金额,订单总金额,申请退款总金额"
COSTS = "费用编号,开始日期,结束日期,费用类型,社群,渠道,活动,金额,备注"


def test_payer_of_a_bill_is_a_key_behind_its_backtick(tmp_path):
    row = "`2026-06-01 10:00:00,`4200000000000000000000000001,`oXq7t5abc,`SUCCESS,"
    row += "`6.00,`0.00,`0.04000,`草莓,2斤,`6.00,`0.00"
    found = decoded(tmp_path, "bill.csv", f"{BILL}\n{row}\n{TOTALS}\n`1,`6.00,`0.00,`0.04000,`6.00,`0.00\n")
    [landed] = found.full["wechat_pay__trade_bills"]
    assert landed["用户标识"] == "`op_<oXq7t5abc>"
    assert landed["商品名称"] == "`草莓,2斤"
    assert (landed["_source_file"], landed["_source_row"]) == ("bill.csv", "2")
    [totals] = found.full["wechat_pay__bill_totals"]
    assert (totals["总交易单数"], totals["_source_row"]) == ("`1", "4")
    assert (found.said.account.header, found.said.account.landed) == (2, 2)
    assert found.said.doubts == []
    assert found.said.control_differences == []


def test_masked_phones_land_blank_and_are_counted(tmp_path):
    header = ["跟团号", "下单人", "支付时间", "商品", "订单金额", "联系电话"]
    rows = [[1, "小猫", "2026-05-01 12:30:00", "草莓", 5, phone] for phone in (13800138000, "138****8000", "/", None)]
    found = decoded(tmp_path, "跨团订单14_05_35.xlsx", xlsx(("Sheet1", [header, *rows])))
    landed = [row["联系电话"] for row in found.rows["kuaituantuan__sheet_orders"]]
    assert landed == ["ph_<13800138000>", "", "/", ""]
    assert found.said.masked == {("kuaituantuan__sheet_orders", "联系电话"): 1}
    assert found.said.account.landed == 4


def test_rows_without_their_key_are_set_aside(tmp_path):
    found = decoded(tmp_path, "答卷.csv", "序号,提交答卷时间,所用时间,1、满意度\n1,2026/09/03 12:00:00,30秒,5\n")
    assert "wenjuanxing__answers" not in found.rows
    [rejected] = found.rejected
    assert (rejected["export_name"], rejected["problem_column"]) == ("wenjuanxing__answers", "问卷编号")
    assert (found.said.account.header, found.said.account.quarantined) == (1, 1)


@pytest.mark.parametrize("line", ["FY0002,2025/11/1,", '"FY0002,2025/11/1,2025/11/30,人工,,,,1,x'])
def test_the_account_of_a_damaged_table_adds_up(tmp_path, line):
    good = "FY0001,2025/11/1,2025/11/30,人工,——,——,——,满100减10,x"
    found = decoded(tmp_path, "费用.csv", f"费用表\n\n{COSTS}\n{good}\n{line}\n合计,,,,,,,1,\n")
    account = found.said.account
    assert (account.read, account.preamble, account.blank, account.header) == (6, 1, 1, 1)
    assert (account.landed, account.quarantined, account.total) == (1, 1, 1)
    assert account.adds_up()
    assert [(doubt.column, doubt.value) for doubt in found.said.doubts] == [("金额", "满100减10")]


def test_lengths_and_shares_with_their_sign_are_no_doubt(tmp_path):
    videos = "视频描述,视频ID,发布时间,完播率,平均播放时长,播放量\n开箱,export/1,2026/06/25,28.64%,14.73秒,1200\n"
    assert decoded(tmp_path, "视频.csv", videos).said.doubts == []


def test_an_id_that_a_spreadsheet_has_shortened_is_a_doubt(tmp_path):
    header = ["时间-天", "项目ID", "项目名称", "展示数", "点击数", "转化数", "消耗"]
    found = decoded(tmp_path, "巨量.xlsx", xlsx(("报表", [header, ["2026-06-01", 7.3e18, "x", 1, 1, 1, 1]])))
    assert [(doubt.column, doubt.value) for doubt in found.said.doubts] == [("项目ID", "7.30000E+18")]
