"""Files in the form that platforms give, with the quirks seen in real ones: what lands, what is set aside, and why.

Headers are those of the platforms; names, numbers and ids are made up.
"""

from datetime import datetime

import pytest
from harness.original_tables import read, xls, xlsx

from kpi.ingest.limits import Refused


def csv_of(*rows, delimiter=","):
    return "\n".join(delimiter.join(map(str, row)) for row in rows) + "\n"


def one(result, export):
    """The only row."""
    [row] = result.rows[export]
    return row


def refused(content, name="file"):
    with pytest.raises(Refused) as refusal:
        read(content, name)
    assert refusal.value.reason == "not_landable"
    return refusal.value.message


# 有赞

YOUZAN_59 = [
    "订单号", "归属店铺", "订单类型", "订单状态", "推广方式", "订单来源", "订单创建时间", "买家付款时间",
    "交易成功时间", "付款方式", "外部支付流水号", "支付流水号", "商品金额合计", "运费", "店铺优惠合计",
    "支付营销优惠", "应收订单金额", "订单实付金额", "店铺优惠方式", "全部商品名称", "商品种类数", "订单配送方式",
    "预约同城送达时间/预约自提时间", "收货人/提货人", "收货人手机号/提货人手机号", "收货人省份", "收货人城市",
    "收货人地区", "详细收货地址/提货地址", "买家备注", "订单星级", "买家昵称", "买家是否会员", "买家手机号",
    "下单网点", "订单退款状态", "订单已退款金额", "商家订单备注", "优惠券码名称", "入住时间", "团长订单",
    "订单风险标签", "销售导购", "专属导购", "销售导购手机号", "专属导购手机号", "销售导购所属店铺",
    "专属导购所属店铺", "导购归属部门", "分销员", "分销员手机号", "分销员所属店铺", "分销员所属团队",
    "分销员所属分组", "分销员等级", "订单佣金类型", "订单佣金金额", "订单下级卖货提成类型", "订单下级卖货提成金额",
]  # fmt: skip
YOUZAN_60 = [
    {
        "外部支付流水号": "销售渠道",
        "支付营销优惠": "支付优惠合计",
        "预约同城送达时间/预约自提时间": "同城送达时间/提货时间",
    }.get(name, name)
    for name in [*YOUZAN_59, "分销员"]
]
YOUZAN_VALUES = {
    "订单号": "E20260601000012345678901",
    "订单状态": "交易完成",
    "订单创建时间": "2026-06-01 10:00:00",
    "买家付款时间": "2026-06-01 10:01:00",
    "商品金额合计": '"1,234.50"',
    "订单实付金额": "1200.00",
    "全部商品名称": '"面膜,10片装,精华液"',
    "商品种类数": "2",
    "推广方式": "——",
    "收货人/提货人": "张三",
    "买家手机号": "13800138000",
    "团长订单": "否",
    "订单退款状态": " ",
    "同城送达时间/提货时间": "2026-06-20 11:00 - 2026-06-20 12:00",
}


def youzan(header, **changes):
    values = {**YOUZAN_VALUES, **changes}
    return [values.get(name, "") for name in header]


@pytest.mark.parametrize("header", [YOUZAN_59, YOUZAN_60])
def test_youzan_orders_in_both_forms(header):
    result = read(csv_of(header, youzan(header)), "订单报表.csv", "utf-8-sig")
    row = one(result, "youzan__orders")
    assert row["商品金额合计"] == "1,234.50"
    assert row["全部商品名称"] == "面膜,10片装,精华液"
    assert row["买家手机号"] == "13800138000", "persons become keys behind this reader"
    assert (row["推广方式"], row["订单退款状态"]) == ("——", " "), "blanks of the platform stay as they stand"
    assert "张三" not in row.values()
    assert result.unknown == set()


def test_youzan_orders_as_workbook_with_date_cells_and_numbers():
    values = {
        "订单创建时间": datetime(2026, 6, 1, 10),
        "商品金额合计": 1234.5,
        "买家手机号": 13800138000,
        "全部商品名称": "面膜,精华",
    }
    row = one(read(xlsx(("订单", [YOUZAN_59, youzan(YOUZAN_59, **values)]))), "youzan__orders")
    assert row["订单创建时间"] == "2026-06-01 10:00:00"
    assert (row["商品金额合计"], row["买家手机号"]) == ("1234.5", "13800138000")


def test_youzan_orders_with_a_column_of_tomorrow():
    result = read(csv_of([*YOUZAN_60, "订单备注二"], [*youzan(YOUZAN_60), "x"]))
    assert result.unknown == {"订单备注二"}


def test_youzan_order_number_that_a_spreadsheet_has_rounded_is_not_repaired():
    header = ["订单号", "商品编码", "商品名称", "商品类型", "商品单价", "商品数量", "商品优惠后金额"]
    rows = [header, [2.0260601e23, "P001", "面膜", "普通商品", 59, 1, 59]]
    assert one(read(xlsx(("明细", rows))), "youzan__order_lines")["订单号"] == "2.02606E+23"


def test_youzan_coupons_in_gbk_with_a_trailing_comma():
    header = ["优惠券编号", "优惠券名称", "领取时间", "使用时间", "核销订单号", "优惠金额", "买家手机号", ""]
    row = ["YHQ1", "满减券", "2026-06-01 10:00:00", "——", "——", "8.00", "186******05", ""]
    landed = one(read(csv_of(header, row), encoding="gbk"), "youzan__coupon_uses")
    assert (landed["使用时间"], landed["买家手机号"]) == ("——", "186******05")


def test_youzan_customers_have_no_export_and_are_listed():
    header = ["客户姓名", "客户昵称", "客户手机号", "成为客户时间", "消费金额", ""]
    result = read(csv_of(header, ["张三", "三", "13800138000", "2023-09-21 21:09:25", "0", ""]))
    assert result.reader.unrecognised is not None
    assert "张三" not in str(result.reader.unrecognised)


# 微信支付

ALL = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
PAID = (
    "`2026-06-01 10:00:00,`wx0001,`1900000001,`0,`,`4200000000000000000000000001,`3700000000000000001,"
    "`oXq7t5abc,`JSAPI,`SUCCESS,`OTHERS,`CNY,`6.00,`0.00,`0,`0,`0.00,`0.00,`,`,`{name},`,`0.04000,`0.60%,`6.00,`0.00,`"
)
BACK = (
    "`2026-06-01 11:00:00,`wx0001,`1900000001,`0,`,`4200000000000000000000000001,`3700000000000000001,"
    "`oXq7t5abc,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50000000000000000000001,`R1,`3.00,`0.00,`ORIGINAL,`SUCCESS,`草莓,`,`-0.02000,`0.60%,`0.00,`3.00,`"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def bill(*rows, totals="`3,`12.00,`3.00,`0.00,`0.06000,`12.00,`3.00", header=ALL):
    return "\r\n".join([header, *rows, TOTALS, totals]) + "\r\n"


def test_payment_bill_with_commas_in_names_and_control_totals():
    result = read(bill(PAID.format(name="草莓,2斤装"), PAID.format(name="苹果"), BACK), encoding="utf-8-sig")
    first, _, back = result.rows["wechat_pay__trade_bills"]
    assert first["商品名称"] == "`草莓,2斤装"
    assert first["微信订单号"] == "`4200000000000000000000000001"
    assert (back["交易状态"], back["退款金额"], back["手续费"]) == ("`REFUND", "`3.00", "`-0.02000")
    assert one(result, "wechat_pay__bill_totals")["总交易单数"] == "`3"
    assert result.numbers["wechat_pay__bill_totals"] == [6]
    assert result.counts == {"header": 2, "landed": 4}
    assert result.reader.control_differences == []
    assert result.reader.layouts == ["wechat_pay__trade_bills: 交易账单", "wechat_pay__bill_totals: 账单末尾汇总"]


def test_payment_bill_whose_rows_do_not_add_up():
    result = read(bill(PAID.format(name="草莓"), BACK))
    assert result.counts["landed"] == 3, "rows land all the same"
    differences = result.reader.control_differences
    assert [text.split(":")[0] for text in differences] == [
        "总交易单数",
        "应结订单总金额",
        "手续费总金额",
        "订单总金额",
    ]
    assert "says 3, its rows add up to 2" in differences[0]


def test_payment_bill_that_was_cut_off():
    whole = bill(PAID.format(name="草莓"))
    cut = read(whole[: whole.index("总交易单数")])
    assert any("missing" in text for text in cut.reader.control_differences)
    short = read(whole[: whole.index("`CNY")])
    assert short.counts == {"header": 1, "quarantined": 1}


def test_payment_bill_without_a_payment():
    result = read(bill(totals="`0,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00"))
    assert result.counts == {"header": 2, "landed": 1}
    assert result.reader.control_differences == []


def test_success_bill_has_no_refund_columns():
    drop = {14, 15, 16, 17, 18, 19, 25}
    header = ",".join(name for index, name in enumerate(ALL.split(",")) if index not in drop)
    row = PAID.format(name="草莓")
    cells = ",".join(cell for index, cell in enumerate(row.split(",")) if index not in drop)
    totals = "总交易单数,应结订单总金额,手续费总金额,订单总金额\r\n`1,`6.00,`0.04000,`6.00\r\n"
    result = read(f"{header}\r\n{cells}\r\n{totals}")
    assert one(result, "wechat_pay__trade_bills")["退款金额"] is None, "missing is not zero"
    assert result.reader.control_differences == []


def test_refund_bill_has_two_more_times():
    names, cells = ALL.split(","), BACK.split(",")
    header = ",".join([*names[:14], "退款申请时间", "退款成功时间", *names[14:]])
    row = ",".join([*cells[:14], "`2026-06-01 11:00:00", "`2026-06-01 11:00:09", *cells[14:]])
    result = read(bill(row, totals="`1,`0.00,`3.00,`0.00,`-0.02000,`0.00,`3.00", header=header))
    assert one(result, "wechat_pay__trade_bills")["申请退款金额"] == "`3.00"
    assert result.unknown == set()


def test_bill_of_the_years_before_with_other_headers_and_full_width_colons():
    header = (
        "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,"
        "微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率"
    )
    row = ",".join(PAID.format(name="草莓").replace("10:00:00", "16：33：45").split(",")[:24])
    totals = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\n`1,`6.00,`0.00,`0.00,`0.04000\n"
    result = read(f"{header}\n{row}\n{totals}", encoding="gbk")
    landed = one(result, "wechat_pay__trade_bills")
    assert landed["交易时间"] == "`2026-06-01 16:33:45"
    assert (landed["应结订单金额"], landed["订单金额"]) == ("`6.00", None)
    assert one(result, "wechat_pay__bill_totals")["应结订单总金额"] == "`6.00"
    assert result.reader.control_differences == []


PERSONAL = [
    "交易时间",
    "交易类型",
    "交易对方",
    "商品",
    "收/支",
    "金额(元)",
    "支付方式",
    "当前状态",
    "交易单号",
    "商户单号",
    "备注",
]
PERSONAL_ROWS = [
    [
        "2026-05-01 09:00:00",
        "二维码收款",
        "李四",
        "收款方备注:二维码收款",
        "收入",
        "¥35.00",
        "/",
        "已收钱",
        "1000050001",
        "/",
        "/",
    ],
    [
        "2026-05-02 09:00:00",
        "零钱提现",
        "某银行",
        "/",
        "/",
        "￥0.12",
        "某银行(0001)",
        "提现已到账",
        "1000050002",
        "/",
        "服务费¥0.10",
    ],
]
PREAMBLE = """微信支付账单明细
微信昵称：[某某]
起始时间：[2026-05-01 00:00:00] 终止时间：[2026-05-31 23:59:59]
导出类型：[全部]
导出时间：[2026-06-02 08:15:30]

共2笔记录
收入：1笔 35.00元
----------------------微信支付账单明细列表--------------------"""


@pytest.mark.parametrize("lines", [PREAMBLE.split("\n"), ["微信支付账单明细"], []])
def test_personal_bill_with_any_number_of_lines_before_it(lines):
    result = read(
        "\n".join([line + ",,,,,,,," for line in lines] + [csv_of(PERSONAL, *PERSONAL_ROWS)]), encoding="utf-8-sig"
    )
    first, second = result.rows["wechat_pay__personal_bills"]
    assert (first["金额(元)"], second["金额(元)"], second["收/支"]) == ("¥35.00", "￥0.12", "/")
    assert not {"李四", "某银行", "服务费¥0.10"} & {*first.values(), *second.values()}
    assert result.exported_at == {"2026-06-02 08:15:30" if len(lines) > 1 else None}
    assert result.counts["preamble"] + result.counts["blank"] == len(lines)


def test_personal_bill_as_workbook():
    rows = [[line] for line in PREAMBLE.split("\n")] + [PERSONAL]
    rows += [[datetime(2026, 5, 1, 9), *PERSONAL_ROWS[0][1:5], 35, *PERSONAL_ROWS[0][6:]]]
    result = read(xlsx(("Sheet0", rows)))
    row = one(result, "wechat_pay__personal_bills")
    assert (row["交易时间"], row["金额(元)"]) == ("2026-05-01 09:00:00", "35")
    assert result.exported_at == {"2026-06-02 08:15:30"}


# 快团团, 群接龙

KTT_10 = ["跟团号", "下单人", "团员备注", "支付时间", "商品", "订单金额", "订单退款", "订单状态", "自提点", "联系电话"]
KTT_10_ROW = [
    1,
    "小猫",
    "请放门口",
    datetime(2026, 5, 1, 12, 30),
    "草莓*2\n苹果*1",
    59.9,
    None,
    "已支付",
    "东门",
    13800138000,
]
KTT_13 = [
    "跟团号", "下单人", "团员备注", "团长备注", "支付时间", "商品", "商品种类数", "订单金额", "退款金额", "订单状态",
    "收货人", "联系电话", "详细地址",
]  # fmt: skip


def test_group_orders_with_ten_columns_and_dates_that_are_cells_or_text():
    text_row = [2, "小狗", "", "2026/5/1 9:05:00", "苹果*1", "1,009.90", "9.90", "已退款", "", "138****8000"]
    result = read(xlsx(("Sheet1", [KTT_10, KTT_10_ROW, text_row])), "跨团订单14_05_35.xlsx")
    first, second = result.rows["kuaituantuan__sheet_orders"]
    assert (first["支付时间"], second["支付时间"]) == ("2026-05-01 12:30:00", "2026-05-01 09:05:00")
    assert (first["订单金额"], first["退款金额"], second["退款金额"]) == ("59.9", None, "9.90")
    assert first["联系电话"] == "13800138000"
    assert not {"小猫", "请放门口"} & set(first.values())


def test_group_orders_with_thirteen_columns():
    row = [1, "小猫", "", "", 46143.5, "草莓*2", 1, 59.9, 0, "已发货", "张三", 13800138000.0, "某路1号"]
    landed = one(read(xlsx(("Sheet1", [KTT_13, row]))), "kuaituantuan__sheet_orders")
    assert landed["支付时间"] == "2026-05-01 12:00:00"
    assert (landed["商品种类数"], landed["退款金额"]) == ("1", "0")
    assert "某路1号" not in landed.values()


def test_group_orders_with_questions_of_the_leader():
    header = [*KTT_10, "房号（如606）", "楼号（如10）"]
    result = read(xlsx(("Sheet1", [header, [*KTT_10_ROW, "606", "10"]])))
    assert result.unknown == {"房号（如606）", "楼号（如10）"}
    assert "606" not in one(result, "kuaituantuan__sheet_orders").values()


def test_the_number_in_a_group_may_repeat():
    result = read(xlsx(("Sheet1", [KTT_10, KTT_10_ROW, KTT_10_ROW])))
    assert result.counts["landed"] == 2


def test_shipping_lists_by_line_are_recognised_and_refused():
    header = [
        "跟团号",
        "收货人",
        "联系电话",
        "商品名称",
        "规格",
        "数量",
        "商品成本价",
        "省",
        "市",
        "区",
        "详细地址",
        "快递公司",
        "快递单号",
    ]
    message = refused(
        xlsx(("Sheet1", [header, [1, "张三", "1", "草莓", "2斤", 2, 8, "沪", "沪", "黄浦", "x", "", ""]]))
    )
    assert "跨团订单" in message
    header = [
        "下单序号",
        "接龙号",
        "收件人",
        "联系电话",
        "商品名称",
        "商品编码",
        "规格",
        "数量",
        "商品金额",
        "订单总金额",
        "下单时间",
        "收货地址",
    ]
    assert "amount of the order repeats" in refused(xlsx(("Sheet1", [header, [1] * 12])))


def test_jielong_lands_only_with_a_time_of_payment():
    header = ["接龙号", "微信昵称", "订单总金额", "商品合计"]
    row = [1, "小猫", 59.9, "草莓(2斤)*1\n苹果*2"]
    assert "支付时间" in refused(xlsx(("Sheet1", [header, row])))
    landed = one(
        read(xlsx(("Sheet1", [[*header, "支付时间"], [*row, "2026-05-01 12:30:00"], [None]]))),
        "kuaituantuan__sheet_orders",
    )
    assert (landed["跟团号"], landed["订单金额"], landed["商品"]) == ("1", "59.9", "草莓(2斤)*1\n苹果*2")
    assert "小猫" not in landed.values()


# 视频号

VIDEOS_15 = (
    "视频描述,视频ID,发布时间,完播率,平均播放时长,播放量,推荐,喜欢,评论量,分享量,关注量,"
    "转发聊天和朋友圈,设为铃声,设为状态,设为朋友圈封面"
)
VIDEOS_19 = VIDEOS_15 + ",企微链接点击次数,企微链接点击人数,添加到通讯录次数,添加到通讯录人数"
VIDEO = '"新品\n开箱",export/UzFf1,2026/06/25,28.64%,14.73秒,1200,30,12,4,5,6,7,0,0,0'


def test_channel_videos_with_both_sets_of_columns():
    old = one(read(f"{VIDEOS_15}\n{VIDEO}\n", encoding="utf-8-sig"), "wechat_channels__videos")
    assert old["视频描述"] == "新品\n开箱"
    assert (old["发布时间"], old["完播率"], old["平均播放时长"]) == ("2026/06/25", "28.64%", "14.73秒")
    assert old["企微链接点击次数"] is None, "missing is not zero"
    new = one(read(f"{VIDEOS_19}\n{VIDEO},9,8,7,6\n"), "wechat_channels__videos")
    assert (new["企微链接点击次数"], new["添加到通讯录人数"]) == ("9", "6")
    assert (new["推荐"], new["喜欢"]) == ("30", "12"), "two likes, not one"


def test_channel_videos_as_workbook():
    rows = [VIDEOS_15.split(","), ["开箱", "export/1", datetime(2026, 6, 25), 0.2864, "14.73秒", 1200, *[0] * 9]]
    landed = one(read(xlsx(("视频", rows))), "wechat_channels__videos")
    assert (landed["发布时间"], landed["完播率"], landed["播放量"]) == ("2026/06/25", "28.64%", "1200")


LIVE = [
    ["7月直播数据"],
    ["直播名称", "直播方式", "场次ID", "开播时间", "观众数据", None, "互动数据", None, "带货数据", "备注"],
    [None, None, None, None, "观看人数（万）", "最高在线人数", "新增关注人数", "评论人数", "成交金额(元)", None],
    ["夏日\t专场", "直播", "export/1", datetime(2026, 7, 1, 20), 1.2, 800, 35, "/", 1234.5, ""],
    ["夏日专场", "回放", "export/2", datetime(2026, 7, 1, 23), 0.1, 80, 1, "/", 0, ""],
    ["日报", None, None, None, None, None, None, None, None, "见群"],
]
LIVE_MERGED = [(0, 0, 0, 9), (1, 4, 1, 5), (1, 6, 1, 7)]


def test_live_sheets_kept_by_hand():
    for content in (xlsx(("直播", LIVE), merged=LIVE_MERGED), xlsx(("直播", LIVE))):
        result = read(content)
        row = one(result, "wechat_channels__live_sessions")
        assert row["new_watch_uv"] == "12000", "（万） is ten thousands"
        assert row["create_time"] == "1782907200", "20:00 in Shanghai"
        assert (row["total_gmv"], row["max_online_watch_uv"], row["comment_uv"]) == ("123450", "800", "/")
        assert result.counts == {"preamble": 1, "header": 2, "landed": 1, "ignored": 2}
        assert sum(result.reasons.values()) == 2


@pytest.mark.parametrize(
    ("header", "fen"),
    [
        ("成交金额", "123450"),
        ("成交金额（元）", "123450"),
        ("成交金额（万元）", "1234500000"),
        ("成交金额(万)", "1234500000"),
    ],
)
def test_money_of_live_sheets_under_each_unit(header, fen):
    content = f'场次ID,开播时间,观看人数,{header}\nexport/1,2026-07-01 20:00,5,"1,234.5"\n'
    assert one(read(content), "wechat_channels__live_sessions")["total_gmv"] == fen


def test_live_sheets_without_a_session_id_are_refused():
    rows = [[cell for index, cell in enumerate(row) if index != 2] for row in LIVE]
    assert "场次ID" in refused(xlsx(("直播", rows)))
    advertised = [
        "日期",
        "主播",
        "开播时间",
        "结束时间",
        "直播时长(h)",
        "场次ID",
        "投流组名",
        "投流渠道",
        "观看人数",
        "花费(元)",
        "支付金额(元)",
    ]
    assert "投流组" in refused(xlsx(("ADQ", [advertised, [1] * 11])))


# 问卷星

SURVEY = [
    "序号",
    "提交答卷时间",
    "所用时间",
    "来源",
    "来源详情",
    "来自IP",
    "1、您购买过哪些？",
    "2:满意度",
    "第3题(推荐)",
    "4、您的手机号",
    "自定义参数",
]
SHEETS = [
    [
        1,
        datetime(2026, 9, 3, 12),
        "356秒",
        "微信",
        "N/A",
        "1.2.3.4(上海)",
        "面膜┋精华",
        5,
        "价格→包装",
        "13800138000",
        "wmKpqDEAAA1",
    ],
    [2, "2026/09/03 12:30:00", "5分56秒", "链接", "", "1.2.3.4", "(跳过)", -2, "(空)", "", ""],
]


def answers(result):
    return [(row["序号"], row["题号"], row["答案"]) for row in result.rows["wenjuanxing__answers"]]


def test_survey_answers_become_long():
    result = read(xlsx(("Sheet1", [SURVEY, *SHEETS])), "2600001_按文本_社群满意度_2_2.xlsx")
    assert answers(result) == [
        ("1", "Q1", "面膜┋精华"), ("1", "Q2", "5"), ("1", "Q3", "价格→包装"),
        ("2", "Q1", "-3"), ("2", "Q2", "-2"), ("2", "Q3", "-2"),
    ]  # fmt: skip
    rows = result.rows["wenjuanxing__answers"]
    assert {row["问卷编号"] for row in rows} == {"2600001"}
    assert [rows[0]["提交答卷时间"], rows[3]["提交答卷时间"]] == ["2026-09-03 12:00:00", "2026/09/03 12:30:00"]
    assert [rows[0]["所用时间"], rows[3]["所用时间"]] == ["356秒", "356秒"]
    assert rows[0]["客户"] == "wmKpqDEAAA1"
    assert result.numbers["wenjuanxing__answers"] == [1, 2, 3, 4, 5, 6]
    assert result.counts == {"header": 1, "landed": 2}
    assert not {"13800138000", "1.2.3.4(上海)"} & {cell for row in rows for cell in row.values()}


def test_survey_answers_in_coded_form_keep_their_sentinels():
    rows = [["问卷编号：2600002"], SURVEY, [1, "2026/09/03 12:00:00", "30秒", "微信", "", "", -3, -2, "1→2", -2, ""]]
    result = read(csv_of(*rows), encoding="gbk")
    assert answers(result) == [("1", "Q1", "-3"), ("1", "Q2", "-2"), ("1", "Q3", "1→2")]
    assert result.rows["wenjuanxing__answers"][0]["问卷编号"] == "2600002"


def test_options_in_columns_of_their_own():
    header = [*SURVEY[:6], "第1题(质地)", "第1题(物流)", "2、满意度"]
    result = read(xls([header, [1, "2026/09/03 12:00:00", "30秒", "微信", "", "", 1, 0, 4]]), "2600003.xls")
    assert answers(result) == [("1", "Q1(质地)", "1"), ("1", "Q1(物流)", "0"), ("1", "Q2", "4")]


def test_an_answer_with_a_phone_number_lands_blank_and_is_told():
    header = [*SURVEY[:6], "1、还有什么想说"]
    row = [1, "2026/09/03 12:00:00", "30秒", "微信", "", "", "打我13800138000"]
    result = read(csv_of(header, row), "2600004.csv")
    assert answers(result) == [("1", "Q1", None)]
    assert result.counts == {"header": 1, "landed": 1}
    assert [(one.column, one.value, one.counts) for one in result.rejected] == [("答案", "", False)]


def test_a_survey_that_nothing_names_has_no_number():
    row = one(
        read(csv_of([*SURVEY[:6], "1、满意度"], [1, "2026/09/03 12:00:00", "30秒", "", "", "", 5]), "答卷.csv"),
        "wenjuanxing__answers",
    )
    assert row["问卷编号"] is None


# 腾讯广告

TENCENT = "date,adgroup_id,adgroup_name,view_count,view_user_count,valid_click_count,cost,conversions_count"


def test_tencent_interface_names_in_fen():
    row = one(read(f"{TENCENT}\n2026-06-01,9100000001,朋友圈,14,10,0,51,0\n", encoding="gbk"), "tencent_ads__daily")
    assert (row["adgroup_id"], row["cost"]) == ("9100000001", "51")


def test_tencent_console_in_yuan():
    header = "日期,广告ID,广告名称,曝光次数,点击次数,花费,目标转化量"
    text = f'{header}\n2026-06-01,9100000001,朋友圈,"1,234",5,"1,234.56",-\n合计,,,1234,5,1234.56,\n'
    result = read(text, encoding="gbk")
    row = one(result, "tencent_ads__daily")
    assert (row["cost"], row["view_count"], row["conversions_count"]) == ("123456", "1,234", "-")
    assert row["view_user_count"] is None
    assert result.counts["total"] == 1


def test_tencent_console_of_older_days_without_an_id():
    row = one(
        read("日期,广告名称,曝光量,点击量,花费(元),目标转化量\n2026/6/1,朋友圈,10,1,0.29,0\n"), "tencent_ads__daily"
    )
    assert (row["date"], row["adgroup_id"], row["cost"]) == ("2026-06-01", "朋友圈", "29")


def test_tencent_money_that_is_no_whole_fen_stays_and_is_doubtful():
    row = one(read("日期,广告ID,广告名称,花费\n2026-06-01,9100000001,朋友圈,0.295\n"), "tencent_ads__daily")
    assert row["cost"] == "0.295"


# 巨量引擎

OCEAN = ["时间-天", "项目ID", "项目名称", "展示数", "点击数", "转化数", "消耗(元)"]
OCEAN_ROW = ["2026-06-01", "7300000000274", "信息流", "146", "2", "-", "7.37"]


@pytest.mark.parametrize("cost", ["消耗", "消耗(元)", "消耗（元）"])
@pytest.mark.parametrize("rate", ["点击率", "点击率%", "点击率(%)"])
def test_ocean_headers_with_and_without_their_unit(cost, rate):
    header = [*OCEAN[:6], cost, rate, "平均千次展现费用(元)"]
    result = read(csv_of(header, [*OCEAN_ROW, "1.37", "50.48"]), encoding="gbk")
    assert one(result, "oceanengine__daily")["消耗"] == "7.37"
    assert result.unknown == set()


def test_ocean_total_rows_do_not_land():
    result = read(csv_of(OCEAN, OCEAN_ROW, ["合计", "", "", "146", "2", "-", "7.37"]), encoding="utf-16")
    assert result.counts == {"header": 1, "landed": 1, "total": 1}
    assert one(result, "oceanengine__daily")["转化数"] == "-"


def test_ocean_report_with_a_header_only():
    result = read(csv_of(OCEAN), encoding="gbk")
    assert (result.counts, result.rows) == ({"header": 1}, {})
    assert result.reader.layouts == ["oceanengine__daily: 项目分日报表"]


def test_ocean_id_as_number_of_a_workbook():
    rows = [OCEAN, ["2026-06-01", 7300000000000000274, "信息流", 146, 2, "-", 7.37]]
    assert one(read(xlsx(("报表", rows))), "oceanengine__daily")["项目ID"] == "7.30000E+18", (
        "last digits are lost: not an id"
    )


def test_ocean_reports_that_would_count_spend_twice_are_refused():
    assert "项目分日报表" in refused(
        csv_of(["时间-天", "展示数", "点击数", "转化数", "消耗"], ["2026-06-01", 1, 1, 1, 1])
    )
    assert "of which day" in refused(
        csv_of(["素材ID", "素材名称", "素材类型", "消耗", "展示数"], [1, "x", "视频", 1, 1])
    )
    assert "per project" in refused(
        csv_of(["时间-天", "项目ID", "单元ID", "单元名称", "消耗", "展示数"], [1, 1, 1, 1, 1, 1])
    )


# 小红书

NOTES = [
    "笔记标题",
    "首次发布时间",
    "体裁",
    "曝光",
    "观看量",
    "封面点击率",
    "点赞",
    "评论",
    "收藏",
    "涨粉",
    "分享",
    "人均观看时长",
    "弹幕",
]
NOTE = ["夏日护肤", "2026年05月12日18时30分00秒", "图文", 1000, 200, 0.1532, 10, 2, 5, 1, 3, 14.7, "-"]


def test_notes_below_a_banner():
    result = read(xlsx(("笔记", [["最多导出排序后前1000条笔记"], NOTES, NOTE])))
    row = one(result, "xiaohongshu__notes")
    assert (row["首次发布时间"], row["封面点击率"], row["弹幕"]) == ("2026年05月12日18时30分00秒", "0.1532", "-")
    assert result.counts == {"preamble": 1, "header": 1, "landed": 1}


def test_notes_with_percent_text_and_date_cells():
    row = [*NOTE]
    row[1], row[5] = datetime(2026, 5, 12, 18, 30), "15.32%"
    landed = one(read(xlsx(("笔记", [NOTES, row]))), "xiaohongshu__notes")
    assert (landed["首次发布时间"], landed["封面点击率"]) == ("2026年05月12日18时30分00秒", "0.1532")


def test_notes_as_csv_and_in_ten_thousands():
    result = read(csv_of(NOTES, [*NOTE[:3], "1.2万", *NOTE[4:]]), encoding="gb18030")
    assert one(result, "xiaohongshu__notes")["曝光"] == "12000"


# own sheets


def test_staff_list_below_its_instructions():
    banner = [["企业微信通讯录"], ["填写须知："], ["1、请勿增删列"], [None]]
    header = ["姓名", "账号", "别名", "职务", "部门", "性别", "手机", "邮箱", "激活状态"]
    people = [
        ["张三", "zhangsan", "", "店长", "华东社群部", "男", 13800138000, "z@x.cn", "已激活"],
        ["李四", "lisi", "", None, "华东社群部", "女", "13900139000", "", "已退出"],
    ]
    result = read(xlsx(("成员", [*banner, header, *people]), merged=[(0, 0, 0, 8)]))
    rows = result.rows["wecom__staff"]
    assert [(row["userid"], row["status"], row["position"]) for row in rows] == [
        ("zhangsan", "1", "店长"),
        ("lisi", "5", None),
    ]
    assert not {"张三", "13800138000", "z@x.cn"} & {cell for row in rows for cell in row.values()}


def test_campaign_phases_with_a_merged_campaign():
    rows = [
        ["活动阶段"],
        ["活动编号", "阶段", "开始时间", "结束时间"],
        ["HD001", "预热", datetime(2025, 11, 9, 9, 1), "2025年11月9日 12时01分"],
        [None, "开团", "2025/11/9 12:01", "2025-11-12 18:01:00"],
    ]
    result = read(xls(rows, merged=[(0, 0, 0, 3), (2, 0, 3, 0)]))
    landed = [tuple(row.values()) for row in result.rows["manual__campaign_phases"]]
    assert landed == [
        ("HD001", "预热", "2025-11-09 09:01", "2025-11-09 12:01"),
        ("HD001", "开团", "2025-11-09 12:01", "2025-11-12 18:01"),
    ]


def test_costs_with_a_header_of_two_rows():
    rows = [
        ["编号", "期间", None, "费用类型", "归属", None, None, "费用金额", "说明"],
        [None, "开始日期", "结束日期", None, "社群ID", "渠道ID", "活动ID", None, None],
        ["FY0001", 45962, "2025年11月30日", "人工", "——", "——", "——", "1.2万", ""],
    ]
    for content in (xlsx(("费用", rows)), xlsx(("费用", rows), merged=[(0, 1, 0, 2), (0, 4, 0, 6), (0, 0, 1, 0)])):
        row = one(read(content), "manual__costs")
        assert (row["开始日期"], row["结束日期"], row["金额"]) == ("2025/11/1", "2025/11/30", "12000")
        assert row["费用编号"] == "FY0001"


def test_own_sheets_under_the_names_people_use():
    rows = [
        ["渠道参数", "渠道编号", "渠道名称", "渠道类型", "来源系统", "来源编号", "群ID"],
        ["tx00", "ch_tx", "腾讯", "paid_ads", "tencent_ads", 9100000001, "wr1"],
    ]
    assert one(read(xlsx(("渠道", rows))), "manual__channels")["source_id"] == "9100000001"
    rows = [["客户ID", "角色", "备注"], ["wmKpq", "达人", "王五"]]
    assert one(read(xlsx(("名单", rows))), "manual__member_roles") == {"member_key": "wmKpq", "role": "kol"}


def test_a_survey_that_asks_for_persons_only_lands_nothing():
    header = [*SURVEY[:6], "1、您的姓名", "2、手机号码"]
    row = [1, "2026/09/03 12:00:00", "30秒", "微信", "", "", "张三", "13800138000"]
    result = read(csv_of(header, row), "2600005.csv")
    assert (result.rows, result.counts) == ({}, {"header": 1, "ignored": 1})
