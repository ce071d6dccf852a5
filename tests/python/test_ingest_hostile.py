"""Files as people really hand them over: pasted together, saved again by a spreadsheet, wrapped, badly named."""

from __future__ import annotations

import csv
import io
import os
import time

from harness.original_tables import read

from kpi.ingest.sources import find_sources

ORDERS = "youzan__orders"
HEADER = ["订单号", "订单创建时间", "订单实付金额", "全部商品名称", "推广方式", "订单状态", "买家手机号"]
ORDER = ["E1", "2026-05-01 10:00:00", "88.00", "面膜", "", "交易完成", "13800138000"]
BILL_HEADER = (
    "交易时间,公众账号ID,商户号,微信订单号,用户标识,交易状态,应结订单金额,退款金额,商品名称,手续费,订单金额,"
    "申请退款金额"
)
TOTALS_HEADER = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
TOTALS = "`1,`6.00,`0.00,`0.00,`0.036,`6.00,`0.00"


def payment(number: int) -> str:
    """One line of a bill."""
    cells = f"2026-06-01 10:00:00,wx1,19,420000000000000000000000000{number},oX,SUCCESS,6.00,0.00,草莓,0.036,6.00,0.00"
    return ",".join(f"`{cell}" for cell in cells.split(","))


def bill(*payments: str) -> str:
    """A bill with the totals of one payment."""
    return "\r\n".join([BILL_HEADER, *payments, TOTALS_HEADER, TOTALS]) + "\r\n"


def orders(*rows: list[str], header: list[str] = HEADER) -> str:
    """A CSV of orders."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([header, *rows])
    return buffer.getvalue()


def test_bills_of_several_days_in_one_file():
    result = read("\ufeff" + bill(payment(1)) + "\r\n\ufeff" + bill(payment(2)))
    assert [row["微信订单号"][-1] for row in result.rows["wechat_pay__trade_bills"]] == ["1", "2"]
    assert [row["总交易单数"] for row in result.rows["wechat_pay__bill_totals"]] == ["`1", "`1"]
    assert result.counts == {"header": 4, "landed": 4, "blank": 1}
    assert result.reader.control_differences == [], "each bill has totals of its own"


def test_what_stands_behind_the_totals_is_no_total():
    result = read(bill(payment(1)) + payment(2) + "\r\n")
    assert len(result.rows["wechat_pay__bill_totals"]) == 1
    assert [(row.number, row.reason) for row in result.rejected] == [(5, "stands behind the totals of the file")]


def test_a_bill_that_a_spreadsheet_has_padded_with_commas():
    padded = bill(payment(1)).replace(TOTALS, TOTALS + ",,,,,").replace(payment(1), payment(1) + ",,")
    result = read(padded)
    assert result.rows["wechat_pay__bill_totals"][0]["申请退款总金额"] == "`0.00"
    assert result.rows["wechat_pay__trade_bills"][0]["申请退款金额"] == "`0.00"
    assert result.reader.control_differences == []


def test_cells_wrapped_to_keep_a_spreadsheet_from_rounding():
    rows = [
        ["E1\t", "2026-05-01 10:00:00\t", "88.00\t", "面膜", "\tP1", "交易完成\u3000", "13800138000\t"],
        ['="E1"', '="2026-05-01 10:00:00"', '="88.00"', "面膜", '="P1"', "\u00a0交易完成", '="13800138000"'],
        ["'E1", "2026-05-01 10:00:00", "88.00", "面膜", "'P1", "\u200b交易完成", "13800138000"],
    ]
    for row in rows:
        landed = read(orders(row)).rows[ORDERS][0]
        assert [landed[name] for name in HEADER] == [*ORDER[:4], "P1", *ORDER[5:]]


def test_wrapped_cells_without_quotes_around_them_and_formulas():
    landed = read(orders(ORDER).replace("E1", '="E1"').replace("面膜", "=1+1")).rows[ORDERS][0]
    assert landed["订单号"] == "E1"
    assert landed["全部商品名称"] == "=1+1", "any other formula is data"


def test_blanks_that_nobody_sees_are_blank():
    landed = read(orders([*ORDER[:4], "\u3000", "\t", " "])).rows[ORDERS][0]
    assert [landed[name] for name in ("推广方式", "订单状态", "买家手机号")] == [None, None, " "]


def test_a_header_that_is_a_phone_number_is_not_named():
    known = read(orders([*ORDER, "x"], header=[*HEADER, "13800138000"]))
    assert known.unknown == {"13…"}
    near = read(orders(ORDER, header=["订单编号之一", *HEADER[1:-1], "13800138000"]))
    assert near.reader.unrecognised is not None
    assert "13800138000" not in str(near.reader.unrecognised)


def test_names_of_files_from_another_system_are_text(tmp_path):
    for name in ("订单".encode("gbk") + b".csv", b"bad\xff.csv"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"a,b\n")
    found = list(find_sources(tmp_path))
    assert sorted(source.name for source in found) == ["bad\ufffd.csv", "订单.csv"]
    assert all(source.head() for source in found)


def test_a_wide_unknown_table_is_told_in_seconds():
    header = ["订单号", *(f"x{number}" for number in range(600))]
    started = time.process_time()
    result = read("\n".join([",".join(header), *["a," * 600] * 60]))
    assert time.process_time() - started < 4, "each row is looked at once, not once per layout"
    near = result.reader.unrecognised.nearest[0]
    assert len(near.extra) == 31
    assert near.extra[-1] == "… (570)"


def test_no_row_is_a_header_that_has_more_columns_than_a_spreadsheet():
    started = time.process_time()
    result = read(",".join(f"c{number}" for number in range(200_000)) + "\n")
    assert time.process_time() - started < 4
    assert result.reader.unrecognised is not None
