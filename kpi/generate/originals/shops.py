"""Orders and payments: 有赞, 微信小店, 微信支付, 快团团."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from kpi.generate.clock import moment
from kpi.generate.originals.people import Cells, File, People
from kpi.generate.originals.sheets import workbook
from kpi.generate.originals.tables import table
from kpi.generate.originals.tools import document
from kpi.generate.originals.wecom import json_lines

YOUZAN = (
    "订单号", "销售渠道", "归属店铺", "订单类型", "订单状态", "推广方式", "订单来源", "订单创建时间", "买家付款时间",
    "交易成功时间", "付款方式", "支付流水号", "商品金额合计", "运费", "店铺优惠合计", "支付优惠合计", "应收订单金额",
    "订单实付金额", "订单实收金额", "店铺优惠方式", "全部商品名称", "商品种类数", "订单配送方式",
    "同城送达时间/提货时间",
    "收货人/提货人", "收货人手机号/提货人手机号", "收货人省份", "收货人城市", "收货人地区", "详细收货地址/提货地址",
    "买家备注",
    "订单星级", "买家昵称", "买家是否会员", "买家手机号", "下单网点", "订单退款状态", "订单已退款金额", "商家订单备注",
    "优惠券码名称", "入住时间", "团长订单", "订单风险标签", "销售导购", "专属导购", "销售导购手机号", "专属导购手机号",
    "销售导购所属店铺", "专属导购所属店铺", "导购归属部门", "分销员", "分销员手机号", "分销员所属店铺",
    "分销员所属团队",
    "分销员所属分组", "订单佣金类型", "订单佣金金额", "订单下级卖货提成类型", "订单下级卖货提成金额", "分销员",
)  # fmt: skip
BILL = (
    "交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型",
    "交易状态",
    "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额",
    "充值券退款金额", "退款类型",
    "退款状态", "商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额", "费率备注",
)  # fmt: skip
TOTALS = (
    "总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额",
)  # fmt: skip


def youzan_orders(file: File, people: People) -> bytes:
    """订单报表: 60 columns, one of them twice; CSV with a byte order mark, later a workbook."""
    rows = [_youzan(people, row, k) for k, row in enumerate(file.only)]
    if file.source.endswith(".xlsx"):
        return workbook(file, "订单报表", [list(YOUZAN), *rows], numbers={YOUZAN.index("买家手机号")})
    return table(YOUZAN, rows).encode("utf-8-sig")


def _youzan(people: People, row: Cells, place: int) -> list[str]:
    cells = people.restored("youzan__orders", row)
    number = people.number(row["买家手机号"])
    province, street = people.place(number)
    phone = people.phone(number)
    cells |= {
        "销售渠道": "网店", "归属店铺": "示例护肤旗舰店", "订单来源": "微信小程序", "付款方式": "微信支付",
        "支付流水号": f"42000{number:013d}{place:05d}", "支付优惠合计": "0.00", "订单实收金额": row["订单实付金额"],
        "订单配送方式": "快递", "收货人/提货人": people.name(row["买家手机号"]), "收货人手机号/提货人手机号": phone,
        "收货人省份": province, "详细收货地址/提货地址": street, "买家备注": "麻烦早点发" if place % 17 == 3 else " ",
        "买家昵称": people.nickname(row["买家手机号"]), "买家是否会员": "是" if number % 3 else "否",
        "订单佣金金额": "0.00",
        "订单下级卖货提成金额": "——",
    }  # fmt: skip
    return [cells.get(name, "") for name in YOUZAN]


def store_orders(file: File, people: People) -> bytes:
    """order/get: an order with its lines per line; money in fen, times in epoch seconds."""
    rows = groupby(file.rows["wechat_store__order_lines"], lambda r: r["order_id"])
    lines = {order: list(found) for order, found in rows}
    return json_lines(
        {"errcode": 0, "errmsg": "ok", "order": _store_order(people, row, lines.get(row["order_id"], []))}
        for row in file.rows["wechat_store__orders"]
    )


def _store_order(people: People, row: Cells, lines: list[Cells]) -> dict[str, Any]:
    number = people.number(row["openid"])
    province, street = people.place(number)
    prices = {name: int(row[name]) for name in ("product_price", "order_price", "freight", "discounted_price")}
    counts = ("sku_cnt", "sale_price", "real_price", "is_free_gift", "on_aftersale_sku_cnt", "finish_aftersale_sku_cnt")
    receiver = {"user_name": people.name(row["openid"]), "tel_number": people.phone(number),
                "province_name": province, "detail_info": street}  # fmt: skip
    paid = {"payment_method": 1, "pay_time": int(row["pay_time"])} if row["pay_time"] else {}
    return {
        "order_id": row["order_id"],
        "openid": people.raw(row["openid"]),
        "unionid": people.raw(row["unionid"]),
        "status": int(row["status"]),
        "create_time": int(row["create_time"]),
        "update_time": int(row["update_time"]),
        "order_detail": {
            "product_infos": [
                {n: x[n] for n in ("product_id", "sku_id", "title")} | {n: int(x[n]) for n in counts} for x in lines
            ],
            "price_info": {**prices, "merchant_receieve_price": prices["order_price"]},
            "pay_info": paid,
            "delivery_info": {"address_info": receiver},
        },
    }


def trade_bill(file: File, people: People) -> bytes:
    """交易账单: a backtick before every cell, names of goods without quotes, two lines of totals."""
    out = [",".join(BILL)]
    for k, row in enumerate(file.rows["wechat_pay__trade_bills"]):
        cells = people.restored("wechat_pay__trade_bills", row)
        cells |= {
            "公众账号ID": "`wx5f3a1c8e2b7d9046",
            "商户号": "`1900000109",
            "付款银行": "`OTHERS",
            "货币种类": "`CNY",
        }
        cells |= {"充值券退款金额": "`0.00", "商户数据包": f"`{k % 7}" if k % 3 == 0 else "`"}
        out.append(",".join(cells.get(name, "`") for name in BILL))
    (totals,) = file.rows["wechat_pay__bill_totals"]
    out += [",".join(TOTALS), ",".join(totals.get(name, "`0.00") for name in TOTALS)]
    return ("\r\n".join(out) + "\r\n").encode("utf-8-sig")


def ktt_orders(file: File, people: People) -> bytes:
    """pdd.ktt.order.list: orders with lines and gifts; money in fen, times in epoch milliseconds."""
    lines: dict[str, list[Cells]] = {}
    for row in file.rows["kuaituantuan__order_lines"]:
        lines.setdefault(row["order_sn"], []).append(row)
    orders = [_ktt_order(people, r, lines.get(r["order_sn"], [])) for r in file.rows["kuaituantuan__orders"]]
    return document({"ktt_order_list_response": {"order_list": orders, "total_count": len(orders)}})


def _ktt_order(people: People, row: Cells, lines: list[Cells]) -> dict[str, Any]:
    number = people.number(row["open_id"])
    province, street = people.place(number)
    out: dict[str, Any] = {
        "order_sn": row["order_sn"], "activity_no": row["activity_no"], "participate_no": int(row["participate_no"]),
        "is_supplier": row["is_supplier"] == "1", "open_id": people.raw(row["open_id"]),
        "nick_name": people.nickname(row["open_id"]), "receiver_name": people.name(row["open_id"]),
        "receiver_mobile": people.phone(number), "receiver_address_province": province,
        "receiver_address_detail": street,
    }  # fmt: skip
    if row["supply_activity_no"]:
        out |= {
            "supply_activity_no": row["supply_activity_no"],
            "supply_participate_no": int(row["supply_participate_no"]),
        }
    if row["help_sell_open_id"]:
        out |= {"help_sell_open_id": people.raw(row["help_sell_open_id"]),
                "help_sell_nickname": people.nickname(row["help_sell_open_id"])}  # fmt: skip
    counts = (
        "order_amount", "shipping_amount", "discount_amount", "platform_discount_amount", "theoretical_refund_amount",
        "after_sales_status", "cancel_status", "mall_activity_type", "confirm_at", "updated_at",
    )  # fmt: skip
    out |= {name: int(row[name]) if row[name] else None for name in counts}
    bought = [x for x in lines if x["is_gift"] == "0"]
    gifts = [_ktt_line(x) | {"host_sub_order_sn": bought[0]["sub_order_sn"] if bought else ""} for x in lines
             if x["is_gift"] == "1"]  # fmt: skip
    return out | {"sub_order_list": [_ktt_line(x) for x in bought], "gift_order_list": gifts}


def _ktt_line(row: Cells) -> dict[str, Any]:
    counts = ("goods_number", "goods_price", "goods_amount", "already_cancel_number")
    texts = {name: row[name] for name in ("sub_order_sn", "goods_external_id", "goods_name")}
    return texts | {name: int(row[name]) for name in counts}


def ktt_activities(file: File, people: People) -> bytes:
    """List of the group buys; the collector adds the group in which each was announced."""
    del people
    counts = ("status", "start_at", "end_at", "min_participants")
    found = [
        {n: cell for n, cell in row.items() if not n.startswith("_") and cell}
        | {n: int(row[n]) for n in counts if row[n]}
        for row in file.only
    ]
    fetched = moment(file.exported)
    return document(
        {
            "ktt_activity_list_response": {
                "activity_list": found,
                "total_count": len(found),
                "server_time": int(fetched.timestamp()),
            }
        }
    )
