"""Made-up and damaged tables: nothing crashes, no line and no row is lost, and every record is counted once.

Derandomised, so that a failure comes back.
"""

import io
import re
from datetime import date, datetime

import python_calamine
from harness.original_tables import CONTEXT, CONTRACTS, read, source, xls, xlsx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kpi.ingest.delimited import NotText, open_delimited
from kpi.ingest.limits import Refused
from kpi.ingest.tables import open_reader

FEW = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
FEWER = settings(FEW, max_examples=40)

HEADERS = [
    ["费用编号", "开始日期", "结束日期", "费用类型", "社群", "渠道", "活动", "金额", "备注"],
    ["时间-天", "项目ID", "项目名称", "展示数", "点击数", "转化数", "消耗(元)"],
    ["交易时间", "微信订单号", "商户订单号", "用户标识", "交易状态", "应结订单金额", "手续费", "商品名称"],
    ["总交易单数", "应结订单总金额", "手续费总金额"],
    ["序号", "提交答卷时间", "所用时间", "1、满意度", "2、推荐", "自定义参数"],
    ["直播名称", "直播方式", "场次ID", "开播时间", "观看人数(万)", "成交金额"],
    ["跟团号", "支付时间", "商品", "订单金额", "订单退款", "联系电话"],
]
ODD = [
    "",
    " ",
    '"',
    '""',
    "`",
    ",",
    "\t",
    ";",
    "合计",
    "注：",
    "-",
    "——",
    "1,234.50",
    "¥3",
    "1.2万",
    "2026/6/25",
    "46143",
    "9" * 30,
]
ODD += [
    "2026年6月25日 18时05分",
    "1.23E+17",
    "99999999999999",
    "=1+1",
    "\0",
    "㐀",
    "😀",
    "草莓,2斤",
    '5" x',
    "１６：３３",
    "nan",
    "-inf",
]
CELL = st.one_of(st.sampled_from(ODD), st.text(max_size=8), st.integers(-10, 10**20).map(str))
PLAIN = st.one_of(st.sampled_from([cell for cell in ODD if not set(cell) & set('"\0')]), st.integers(0, 10**9).map(str))
LINE = st.lists(CELL, max_size=10).map(",".join)
GRID = st.lists(st.one_of(st.sampled_from(HEADERS), st.lists(PLAIN, min_size=1, max_size=9)), max_size=12)
LINE_END = re.compile("\r\n|\r|\n")


def records_of(content):
    """How many records the file has, read once more; the lines of a record are one or more."""
    return list(open_delimited(lambda: io.BytesIO(content)).records())


def assert_counted(content, name="2600001.csv"):
    try:
        result = read(content, name)
    except (Refused, AssertionError) as error:
        assert isinstance(error, Refused) or "does not take" in str(error)
        return
    if result.reader.unrecognised is not None:
        assert result.counts == {}
        return
    assert result.counts.total() == len(records_of(content))
    for export, rows in result.rows.items():
        names = CONTRACTS[export].column_names
        for row in rows:
            assert tuple(row) == names
            assert all(cell is None or isinstance(cell, str) for cell in row.values())
    for rejected in result.rejected:
        assert rejected.reason
        rejected.value.encode("utf-8")


@FEW
@given(
    st.lists(LINE, max_size=15),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_no_line_of_a_text_is_lost(lines, end, encoding):
    text = end.join(lines)
    content = text.encode(encoding, "replace")
    try:
        records = records_of(content)
    except NotText:
        return
    found = content.decode(open_delimited(lambda: io.BytesIO(content)).encoding, "replace")
    physical = LINE_END.split(found)
    expected = len(physical) - (physical[-1] == "")
    assert sum(record.lines for record in records) == expected
    assert [record.number for record in records] == [
        1 + sum(one.lines for one in records[:index]) for index in range(len(records))
    ]


@FEW
@given(
    st.sampled_from(HEADERS),
    st.lists(LINE, max_size=3),
    st.lists(st.one_of(LINE, st.sampled_from(HEADERS).map(",".join)), max_size=12),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_every_record_of_a_text_is_counted(header, before, after, encoding):
    assert_counted("\n".join([*before, ",".join(header), *after]).encode(encoding, "replace"))


@FEW
@given(st.sampled_from(HEADERS), st.lists(st.lists(PLAIN, min_size=9, max_size=9), min_size=1, max_size=6), st.data())
def test_damaged_bytes_cost_their_own_record_only(header, rows, data):
    width = len(header)
    good = "\n".join(
        [",".join(header), *(",".join(cell.replace(",", "") for cell in row[:width]) for row in rows), ""]
    ).encode()
    at = data.draw(st.integers(good.index(b"\n") + 1, len(good)))
    damage = data.draw(st.binary(min_size=1, max_size=6).filter(lambda piece: not set(piece) & set(b'\r\n"`,\t;')))
    content = good[:at] + damage + good[at:]
    assert_counted(content)
    assert len(records_of(content)) - len(records_of(good)) in (0, 1)


@FEW
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xfe", "费用编号,开始日期,费用类型,金额\n".encode()]
    ),
)
def test_any_bytes_end_in_items_or_in_a_refusal(content, start):
    content = start + content
    try:
        reader = open_reader(source("file", content), content, CONTEXT)
    except Refused as refusal:
        assert refusal.reason in ("damaged", "nul", "encrypted", "too_large", "bomb", "not_landable")
        return
    if reader is not None:
        list(reader)


@FEWER
@given(GRID, GRID, st.sampled_from([False] * 9 + [True]))
def test_every_row_of_a_workbook_is_counted(first, second, is_old):
    content = xls(first) if is_old else xlsx(("一", first), ("二", second))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    height = sum(len(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names)
    try:
        result = read(content, "2600001.xlsx")
    except Refused as refusal:
        assert refusal.reason == "not_landable"
        return
    assert result.counts.total() == (height if result.reader.unrecognised is None else 0)


PHONE = 13800138000.0
REFUSED_ANSWER = "an answer with a phone or e-mail"
VALUE = st.one_of(
    st.none(),
    PLAIN,
    st.floats(-1e6, 1e6),
    st.sampled_from([1e20, PHONE, 46143, 46143.75, True, "回放", 0.1 + 0.2]),
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
)


@FEWER
@given(
    st.sampled_from([header for header in HEADERS if header[0] != "总交易单数"]),
    st.lists(st.lists(VALUE, max_size=9), max_size=8),
)
@example(["序号", "提交答卷时间", "所用时间", "1、满意度", "2、推荐", "自定义参数"], [[None, None, None, PHONE]])
def test_values_of_any_type_become_text(header, rows):
    result = read(xlsx(("表", [header, *(row[: len(header)] for row in rows)])), "2600001.xlsx")
    for landed in result.rows.values():
        for row in landed:
            assert all(cell is None or isinstance(cell, str) for cell in row.values())
    has_phone = any(PHONE in row for row in rows)  # which no answer of a survey may be
    assert {rejected.reason for rejected in result.rejected} <= ({REFUSED_ANSWER} if has_phone else set())


@FEWER
@given(st.data())
def test_a_workbook_with_a_flipped_byte_is_read_or_refused(data):
    content = bytearray(xlsx(("表", [HEADERS[0], ["FY1", "2026/6/1", "2026/6/2", "人工", "", "", "", 5, ""]])))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        reader = open_reader(source("file", bytes(content)), bytes(content), CONTEXT)
        if reader is not None:
            list(reader)
    except Refused as refusal:
        assert refusal.reason in ("damaged", "encrypted", "bomb", "too_large", "cell", "nul")
