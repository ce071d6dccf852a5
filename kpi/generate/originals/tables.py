"""Tables as text: downloads of shops, advertising and tools in the encodings they come in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

from kpi.generate.names import nickname
from kpi.generate.originals.people import Cells, File, People

Extra = Callable[[People, Cells, int], dict[str, str]]
"""Further columns of a row, made from the people, the landed row and its place in the file."""


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], ending: str = "\r\n", separator: str = ",") -> str:
    """Delimited text with quotes where they are needed."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=ending)
    writer.writerows([headers, *rows])
    return out.getvalue()


def _learner(people: People, row: Cells, place: int) -> dict[str, str]:
    key = row["user_key"]
    return {"用户昵称": people.nickname(key), "手机号": people.phone(people.number(key)) if place % 3 else ""}


def _coupon(people: People, row: Cells, place: int) -> dict[str, str]:
    # people rename themselves from one export to the next
    name = people.nickname(row["买家手机号"]) + ("" if place % 5 else row["_exported_at"][5:7])
    return {"买家昵称": name, "优惠券类型": "店铺券"}


def _line(people: People, row: Cells, place: int) -> dict[str, str]:
    del people
    return {"商品规格": "默认" if place % 4 else "——", "商品规格编码": f"{row['商品编码']}-1"}


def _advertised(people: People, row: Cells, place: int) -> dict[str, str]:
    del people, place
    views, clicks = int(row["view_count"]), int(row["valid_click_count"])
    return {"ctr": f"{clicks / views:.6f}" if views else "0", "cpc": str(int(row["cost"]) // clicks) if clicks else "0"}


def _reached(people: People, row: Cells, place: int) -> dict[str, str]:
    del place
    return {"客户昵称": people.nickname(row["external_userid"])}


def _profile(people: People, row: Cells, place: int) -> dict[str, str]:
    number = people.number(row["external_userid"])
    return {"客户昵称": people.nickname(row["external_userid"]), "手机号": people.phone(number) if place % 4 else ""}


def _referral(people: People, row: Cells, place: int) -> dict[str, str]:
    del place
    return {"邀请人昵称": people.nickname(row["inviter"]), "被邀请人昵称": people.nickname(row["invitee"])}


def _item(people: People, row: Cells, place: int) -> dict[str, str]:
    return {"作者昵称": people.nickname(row["author"]) if place % 6 else "-"}


EXTRAS: dict[str, Extra] = {
    "youzan__order_lines": _line,
    "youzan__coupon_uses": _coupon,
    "xiaoetong__learning": _learner,
    "tencent_ads__daily": _advertised,
    "scrm__campaign_reach": _reached,
    "scrm__customer_demographics": _profile,
    "scrm__content_items": _item,
    "referral__records": _referral,
}


def _text(file: File, people: People) -> str:
    (export,) = file.rows
    extra = EXTRAS.get(export, lambda *_: {})
    rows = [people.restored(export, row) | extra(people, row, k) for k, row in enumerate(file.only)]
    return table(list(rows[0]), [list(row.values()) for row in rows])


def utf8(file: File, people: People) -> bytes:
    """Comma separated UTF-8."""
    return _text(file, people).encode()


def bom(file: File, people: People) -> bytes:
    """UTF-8 with a byte order mark, as for Excel."""
    return _text(file, people).encode("utf-8-sig")


def gbk(file: File, people: People) -> bytes:
    """GBK, which cannot write emoji: a platform puts a question mark in their place."""
    return _text(file, people).encode("gbk", "replace")


def gb18030(file: File, people: People) -> bytes:
    """GB18030, which can write everything."""
    return _text(file, people).encode("gb18030")


OCEAN = ("时间-天", "项目ID", "项目名称", "展示数", "点击数", "点击率(%)", "转化数", "平均点击单价(元)", "消耗(元)")
OCEAN_UTF16 = "ads/ocean_202512"  # somebody saved this one as "Unicode text"


def ocean(file: File, people: People) -> bytes:
    """巨量引擎: GBK, unit in the header, a line of totals at the end."""
    del people
    rows = [_ocean(r["时间-天"], r["项目ID"], r["项目名称"], r) for r in file.only]
    whole = {
        name: str(sum(int(r[name]) for r in file.only if r[name] != "-")) for name in ("展示数", "点击数", "转化数")
    }
    spent = sum(round(float(r["消耗"].replace(",", "")) * 100) for r in file.only)
    rows.append(_ocean("合计", "-", "-", whole | {"消耗": f"{spent / 100:,.2f}"}))
    if file.source.startswith(OCEAN_UTF16):
        return table(OCEAN, rows, separator="\t").encode("utf-16")
    return table(OCEAN, rows).encode("gbk")


def _ocean(day: str, project: str, name: str, row: Cells) -> list[str]:
    views, clicks = int(row["展示数"]), int(row["点击数"])
    spent = float(row["消耗"].replace(",", ""))
    rate, price = f"{clicks / views:.2%}" if views else "-", f"{spent / clicks:.2f}" if clicks else "-"
    return [day, project, name, row["展示数"], row["点击数"], rate, row["转化数"], price, row["消耗"]]


FUNNEL = ("企微链接点击次数", "企微链接点击人数", "添加到通讯录次数", "添加到通讯录人数")
BILL_HEADERS = (
    "交易时间", "交易类型", "交易对方", "商品", "收/支", "金额(元)", "支付方式", "当前状态", "交易单号", "商户单号",
    "备注",
)  # fmt: skip


def videos(file: File, people: People) -> bytes:
    """视频号助手, 下载表格: UTF-8 with a mark; older files lack the funnel into the member tool."""
    rows = [people.restored("wechat_channels__videos", row) for row in file.only]
    headers = [name for name in rows[0] if name not in FUNNEL or any(row[name] for row in rows)]
    return table(headers, [[row[name] for name in headers] for row in rows]).encode("utf-8-sig")


def personal_bill(file: File, people: People) -> bytes:
    """微信支付账单明细: sixteen lines of preamble, then the table."""
    rows = [people.restored("wechat_pay__personal_bills", row) for row in file.only]
    for k, row in enumerate(rows):
        told = row["收/支"] == "收入"
        row |= {
            "交易对方": nickname(9_000 + k),
            "商品": f"转账备注:{nickname(9_000 + k)}的货款" if told else "日用品",
            "备注": "/",
        }
    first, last = rows[-1]["交易时间"], rows[0]["交易时间"]
    preamble = [
        "微信支付账单明细", f"微信昵称：[{nickname(77)}]", f"起始时间：[{first}] 终止时间：[{last}]",
        "导出类型：[全部]", f"导出时间：[{file.exported}]", "", f"共{len(rows)}笔记录",
    ]  # fmt: skip
    for way in ("收入", "支出", "/"):
        amounts = [float(row["金额(元)"][1:]) for row in rows if row["收/支"] == way]
        preamble.append(f"{'中性交易' if way == '/' else way}：{len(amounts)}笔 {sum(amounts):.2f}元")
    preamble += [
        "注：",
        "1. 充值/提现/理财通购买/零钱通存取/信用卡还款等交易，将计入中性交易",
        "2. 本明细仅展示当前账单中的交易，不包括已删除的记录",
    ]
    preamble += ["3. 本明细仅供个人对账使用", "", "----------------------微信支付账单明细列表--------------------"]
    width = len(BILL_HEADERS) - 1
    head = "".join(f"{line}{',' * width}\r\n" for line in preamble)
    return (head + table(BILL_HEADERS, [[row[n] for n in BILL_HEADERS] for row in rows])).encode("utf-8-sig")
