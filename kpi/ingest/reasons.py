"""What the reasons of rows and cells are called in Chinese: they are written in English where they are found."""

from __future__ import annotations

import re

REASONS = {
    "not one of the known codes": "未知代码，请告知维护者或在 acknowledged_quarantine.csv 中确认",
    "no whole number": "不是整数",
    "no number": "不是数字",
    "no whole number of fen": "不是以分为单位的整数",
    "no amount in yuan": "不是以元为单位的金额",
    "no date": "不是日期，应写作 2026/5/8",
    "no time": "不是时间，应写作 2026-05-08 10:30:00",
    "no epoch seconds": "不是秒级时间戳",
    "no epoch milliseconds": "不是毫秒级时间戳",
    "shortened by a spreadsheet, its last digits are lost": "被 Excel 截断，末几位已丢失，请重新导出",
    "a phone or identity card number in a text, masked": "文本中有手机号或身份证号，已遮盖",
    "an answer with a phone or e-mail": "答案中有手机号或邮箱，未入库",
    "blank, but a row needs it": "为空，但此列不能为空",
    "no key can be made of this person: masked, unreadable, or erased": "无法识别此人：号码被遮盖、无法读取或已删除",
    "no layout fits this record": "没有格式与此记录相符",
    "no layout fits": "没有格式与此相符",
    "no JSON object": "不是 JSON 对象",
    "no JSON from here on": "从此处起不是 JSON，文件可能被截断",
    "the request spans several days. Ask for one at a time": "请求跨了多天，请逐日请求",
}
_CELLS = re.compile(r"(\d+) cells, the header has (\d+)")
_TOTAL = re.compile(r"(.+): the file says (.+), its rows add up to (.+)")


def in_chinese(reason: str) -> str:
    """A reason in Chinese; as it is where nobody has said it in Chinese."""
    if found := _CELLS.fullmatch(reason):
        return f"本行 {found[1]} 格，表头 {found[2]} 格"
    if found := _TOTAL.fullmatch(reason):
        return f"{found[1]}：文件合计 {found[2]}，明细合计 {found[3]}"
    return REASONS.get(reason, reason)
