"""Workbooks: the company's own sheets, the staff list of 企业微信, answers of 问卷星."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

import xlsxwriter

from kpi.generate.clock import HOUR, moment
from kpi.generate.names import address, nickname, person_name
from kpi.generate.originals.people import Cells, File, People

Cell = str | int | float | date
_DATE = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,9})(\.\d+)?")
TITLES = {
    "communities": "社群台账", "channels": "渠道码台账", "roles": "特殊成员名单", "costs": "费用登记",
    "products": "商品台账",
    "campaigns": "活动台账", "phases": "活动阶段", "courses": "课程台账", "surveys": "问卷台账",
    "targets": "指标目标登记",
    "profiling": "画像选择登记",
}  # fmt: skip
STAFF = ("姓名", "账号", "别名", "职务", "部门", "性别", "手机", "邮箱", "激活状态")
STATES = {"1": "已激活", "2": "已禁用", "4": "未激活", "5": "已退出"}
QUESTIONS = {"1": "1、您对本群的服务满意吗？", "2": "2、您最看重什么？", "3": "3、您愿意把我们推荐给朋友吗？"}


def workbook(
    file: File,
    title: str,
    rows: Sequence[Sequence[Cell]],
    banner: int = 0,
    merged: Sequence[tuple[int, int, int]] = (),
    numbers: frozenset[int] | set[int] = frozenset(),
) -> bytes:
    """A workbook of one sheet whose properties tell when it was made.

    banner: leading rows that are merged over the whole width. merged: (first row, last row, column)
    of cells that are merged downwards, 0-based. numbers: columns whose digits are number cells.
    """
    out = io.BytesIO()
    width = max(len(row) for row in rows)
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False}) as book:
        made = (moment(file.exported) - timedelta(seconds=8 * HOUR)).replace(tzinfo=None)  # properties are UTC
        book.set_properties({"title": title, "author": "运营组", "created": made})
        sheet = book.add_worksheet(title.replace("：", "")[:31])
        day = book.add_format({"num_format": "yyyy/m/d"})
        second = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for y, row in enumerate(rows):
            if y < banner:
                sheet.merge_range(y, 0, y, width - 1, row[0])
                continue
            for x, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(y, x, cell, second)
                elif isinstance(cell, date):
                    sheet.write_datetime(y, x, cell, day)
                elif isinstance(cell, str) and not (x in numbers and cell.isdigit()):
                    sheet.write_string(y, x, cell) if cell else None
                else:
                    sheet.write_number(y, x, float(cell))
        for first, last, x in merged:
            sheet.merge_range(first, x, last, x, rows[first][x])
    return out.getvalue()


def company_sheet(file: File, people: People) -> bytes:
    """A hand-kept sheet: a title, an instruction, the header, then what people typed and what Excel made of it."""
    (export,) = file.rows
    name = file.source.rpartition("/")[2].partition(".")[0].partition("_")[0]
    rows = [people.restored(export, row) for row in file.only]
    headers, amounts = list(rows[0]), people.amounts(export)
    body: list[list[Cell]] = [
        [_typed(cell, k, column in amounts) for column, cell in row.items()] for k, row in enumerate(rows)
    ]
    top = [[TITLES[name]], ["填写说明：编号不要改；日期填到天；没有就填——或留空"], headers]
    merged = []
    if export == "manual__campaign_phases":  # one campaign, several phases: its number is one merged cell
        y = len(top)
        for _, found in groupby(rows, lambda r: r["campaign_id"]):
            count = len(list(found))
            if count > 1:
                merged.append((y, y + count - 1, 0))
            y += count
    return workbook(file, TITLES[name], [*top, *body], 2, merged)


def _typed(cell: str, place: int, money: bool) -> Cell:
    """What Excel makes of a cell: days become dates, plain numbers numbers; now and then somebody typed text.

    An amount is a number cell only where it is written with two decimals: that is how such a cell lands.
    """
    if (day := _DATE.fullmatch(cell)) and place % 4:
        return date(*(int(part) for part in day.groups()))
    if _NUMBER.fullmatch(cell) and place % 3:
        number = float(cell) if "." in cell else int(cell)
        if str(number) == cell and (not money or f"{number:.2f}" == cell):
            return number
    return cell


def staff(file: File, people: People) -> bytes:
    """通讯录 as the console exports it: nine lines of instructions, then the header."""
    banner = [[f"{k}、{text}"] for k, text in enumerate((
        "请勿修改表头", "姓名、账号为必填", "账号为成员唯一标识", "一个成员可属于多个部门，用;隔开",
        "部门用/分隔上下级",
        "性别填男或女", "手机和邮箱至少填一个", "激活状态不可导入", "以下为成员列表",
    ), 1)]  # fmt: skip

    def row(r: Cells) -> list[Cell]:
        number, account = people.number(r["userid"]), people.raw(r["userid"])
        return [people.name(r["userid"]), account, "", r["position"], r["department"], "女" if number % 3 else "男",
                people.phone(number), f"{account}@example.com", STATES[r["status"]]]  # fmt: skip

    return workbook(file, "通讯录", [*banner, list(STAFF), *map(row, file.only)], len(banner))


def answers(file: File, people: People) -> bytes:
    """Answer sheets, one per row, questions across; the number of the survey stands in the title."""
    survey = file.only[0]["问卷编号"]
    asked = sorted({row["题号"] for row in file.only})
    headers = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
    headers += [QUESTIONS[question.removeprefix("Q")] for question in asked] + ["客户"]
    body: list[list[Cell]] = []
    for _, found in groupby(file.only, lambda r: r["序号"]):
        rows = list(found)
        first, given = rows[0], {r["题号"]: r["答案"] for r in rows}
        at: Cell = first["提交答卷时间"]
        if "-" in first["提交答卷时间"]:  # Excel made a date of it; the others stayed text
            at = moment(first["提交答卷时间"]).replace(tzinfo=None)
        told = [given.get(question, "") for question in asked]
        body.append([int(first["序号"]), at, first["所用时间"], first["来源"], "N/A", "203.0.113.25(上海)", *told,
                     people.raw(first["客户"])])  # fmt: skip
    return workbook(file, f"问卷编号：{survey}", [[f"问卷编号：{survey}"], headers, *body], 1)


def notes(file: File, people: People) -> bytes:
    """笔记数据 of 小红书: a line that names the limit, then the table; figures are number cells."""
    rows = [people.restored("xiaohongshu__notes", row) for row in file.only]
    body: list[list[Cell]] = [[_typed(cell, 1, False) for cell in row.values()] for row in rows]
    return workbook(file, "笔记数据", [["最多导出排序后前1000条笔记"], list(rows[0]), *body], 1)


def sheet_orders(file: File, people: People) -> bytes:
    """跨团订单 of 快团团: amounts in yuan, times as dates, some phones masked."""
    headers = ["跟团号", "下单人", "团员备注", "团长备注", "支付时间", "商品", "商品种类数", "订单金额", "退款金额",
    "订单状态", "自提点",
               "收货人", "联系电话", "详细地址"]  # fmt: skip
    body: list[list[Cell]] = []
    for k, landed in enumerate(file.only):
        row = people.restored("kuaituantuan__sheet_orders", landed)
        paid: Cell = row["支付时间"]
        # at midnight a date cell does not tell whether somebody meant the day or the hour: text there
        if k % 4 and not row["支付时间"].endswith("00:00:00"):
            paid = moment(row["支付时间"]).replace(tzinfo=None)
        phone = row["联系电话"] or f"{people.phone(k)[:3]}****{people.phone(k)[-4:]}"
        cells: dict[str, Cell] = {
            **row,
            "支付时间": paid,
            "联系电话": phone,
            "下单人": nickname(7_000 + k),
            "收货人": person_name(7_000 + k),
        }
        cells |= {"跟团号": int(row["跟团号"]), "详细地址": address(7_000 + k), "团员备注": "" if k % 5 else "放门口"}
        body.append([cells.get(name, "") for name in headers])
    return workbook(file, "跨团订单", [headers, *body])
