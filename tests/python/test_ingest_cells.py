"""What a cell spells, and what becomes of it on its way into the form of an export."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from kpi.ingest import cells, convert


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (" ", " "),
        (13800138000.0, "13800138000"),
        (1234.5, "1234.5"),
        (12.340000000000002, "12.34"),
        (0.00001, "0.00001"),
        (4200377619264512178516985169.0, "4.20038E+27"),
        (True, "TRUE"),
        (datetime(2026, 5, 1, 12, 30), "2026-05-01 12:30:00"),
        (date(2026, 5, 1), "2026-05-01"),
        (time(9, 5), "09:05:00"),
        (timedelta(hours=25, seconds=3), "25:00:03"),
    ],
)
def test_a_cell_as_text(cell, text):
    assert cells.cell_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1,234.50", "1234.50"),
        ("¥35.00", "35.00"),
        ("￥0.12", "0.12"),
        ("-¥3", "-3"),
        ("¥-3", "-3"),
        ("35.00元", "35.00"),
        ("1.2万", "12000"),
        ("3w", "30000"),
        ("１２３", "123"),
        ("1，234", "1234"),
        ("`0.04000", "0.04000"),
        ("+5", "5"),
        (".5", ".5"),
        (1234.5, "1234.5"),
        ("12,34", None),
        ("1.23E+05", None),
        ("满100减10", None),
        ("", None),
        (".", None),
        ("万", None),
        (True, None),
        ("nan", None),
    ],
)
def test_numbers(cell, number):
    assert cells.read_number(cell) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("356秒", 356),
        ("14.73秒", "14.73"),
        ("5分56秒", 356),
        ("1小时3分", 3780),
        ("00:05:56", 356),
        ("05:56", 356),
        (time(0, 5, 56), 356),
        (timedelta(seconds=356), 356),
        ("356", 356),
        ("一会儿", None),
        ("", None),
    ],
)
def test_lengths_of_time(cell, seconds):
    assert cells.read_seconds(cell) == (None if seconds is None else Decimal(seconds))


@pytest.mark.parametrize(
    ("cell", "at", "has_clock"),
    [
        ("2026年6月25日 18时05分", datetime(2026, 6, 25, 18, 5), True),
        ("2026年05月12日18时30分00秒", datetime(2026, 5, 12, 18, 30), True),
        ("2026/6/25", datetime(2026, 6, 25), False),
        ("2026.6.25", datetime(2026, 6, 25), False),
        ("2017-08-29 16：33：45", datetime(2017, 8, 29, 16, 33, 45), True),
        ("2026-06-25 下午3:05", datetime(2026, 6, 25, 15, 5), True),
        ("2026-06-25 上午12:05", datetime(2026, 6, 25, 0, 5), True),
        ("2026-06-25T10:05:00Z", datetime(2026, 6, 25, 18, 5), True),
        ("2026-06-25T18:05:00+08:00", datetime(2026, 6, 25, 18, 5), True),
        ("2026-06-25 18:05:00.123", datetime(2026, 6, 25, 18, 5), True),
        (46143, datetime(2026, 5, 1), False),
        ("46143", datetime(2026, 5, 1), False),
        (46143.520833333336, datetime(2026, 5, 1, 12, 30), True),
        ("1761926400", datetime(2025, 11, 1), True),
        ("1761926400123", datetime(2025, 11, 1), True),
        ("20260625", datetime(2026, 6, 25), False),
        ("20260625180500", datetime(2026, 6, 25, 18, 5), True),
        (datetime(2026, 5, 1, 12, 29, 59, 999_999), datetime(2026, 5, 1, 12, 30), True),
        (date(2026, 5, 1), datetime(2026, 5, 1), False),
    ],
)
def test_times(cell, at, has_clock):
    moment = cells.read_moment(cell)
    assert moment is not None
    assert moment.at.replace(microsecond=0) == at
    assert moment.has_clock == has_clock


@pytest.mark.parametrize(
    "cell", ["2026-02-30", "1970-01-01", "回放", "-", "", "12", "1.76193E+09", "99999999", "2026-13-01"]
)
def test_no_times(cell):
    assert cells.read_moment(cell) is None


def test_serial_numbers_of_a_workbook_that_counts_from_1904():
    assert cells.read_moment("44681", is_1904=True).at == datetime(2026, 5, 1)


@pytest.mark.parametrize(
    ("cell", "unit", "export_unit", "converted"),
    [
        ("¥1,234.50", "yuan", "yuan", "¥1,234.50"),
        ("`199.00", "yuan", "yuan", "`199.00"),
        ("1.2万", "yuan", "yuan", "12000"),
        (4.2, "yuan", "yuan", "4.2"),
        (0.006, "yuan", "yuan", "0.006"),
        ("12.34", "yuan", "fen", "1234"),
        ("￥1,234.5", "yuan", "fen", "123450"),
        ("1234", "fen", "yuan", "12.34"),
        ("1.5", "wan", "yuan", "15000.00"),
        ("0.1234", "wan", "fen", "123400"),
        ("1.005", "yuan", "fen", "1.005"),
        ("满100减10", "yuan", "yuan", "满100减10"),
        ("满100减10", "yuan", "fen", "满100减10"),
        ("1.23E+05", "yuan", "fen", "1.23E+05"),
    ],
)
def test_money(cell, unit, export_unit, converted):
    assert convert.money(cell, unit, export_unit) == converted


def test_fen_and_yuan_are_exact_where_floats_are_not():
    assert convert.money("1234567890123.29", "yuan", "fen") == "123456789012329"
    assert convert.money("0.29", "yuan", "fen") == "29"


@pytest.mark.parametrize(
    ("cell", "unit", "forms", "converted"),
    [
        ("2025/11/1", "local_date", ("YYYY/M/D",), "2025/11/1"),
        ("2025/11/01", "local_date", ("YYYY/M/D",), "2025/11/01"),
        ("2025-11-01", "local_date", ("YYYY/M/D",), "2025/11/1"),
        (date(2025, 11, 1), "local_date", ("YYYY/M/D",), "2025/11/1"),
        ("2025年11月1日", "local_date", (), "2025-11-01"),
        ("2025-11-01 00:00:00", "local_date", (), "2025-11-01"),
        ("45962", "local_date", (), "2025-11-01"),
        ("`2017-08-29 16：33：45", "local_datetime", (), "`2017-08-29 16:33:45"),
        ("2025/11/09 9:01", "local_minute", (), "2025-11-09 09:01"),
        ("2026年05月12日18时30分00秒", "local_chinese", (), "2026年05月12日18时30分00秒"),
        (datetime(2026, 5, 12, 18, 30), "local_chinese", (), "2026年05月12日18时30分00秒"),
        ("2025-11-01 00:00:00", "epoch_s", (), "1761926400"),
        ("2025-11-01 00:00:00", "epoch_ms", (), "1761926400000"),
        ("1761926400123", "epoch_ms", (), "1761926400123"),
        ("1761926400", "epoch_ms", (), "1761926400000"),
        ("1761926400123", "epoch_s", (), "1761926400"),
        ("2025-11-01", "local_second", (), "2025-11-01"),
        ("合计", "local_date", (), "合计"),
        ("2025/2/30", "local_date", ("YYYY/M/D",), "2025/2/30"),
        ("1.76193E+12", "epoch_ms", (), "1.76193E+12"),
    ],
)
def test_moments(cell, unit, forms, converted):
    assert convert.moment(cell, unit, forms) == converted


def test_of_two_writings_that_staging_reads_both_stay():
    forms = ("YYYY-MM-DD HH:mm:ss", "YYYY/MM/DD HH:mm:ss")
    assert convert.moment("2026/09/03 12:00:00", "local_second", forms) == "2026/09/03 12:00:00"
    assert convert.moment("2026-09-03 12:00:00", "local_second", forms) == "2026-09-03 12:00:00"
    assert convert.moment(datetime(2026, 9, 3, 12), "local_second", forms) == "2026-09-03 12:00:00"


def test_shares():
    assert convert.percent("28.64%") == "28.64%"
    assert convert.percent(0.2864) == "28.64%"
    assert convert.fraction("28.64%") == "0.2864"
    assert convert.fraction("0.2864") == "0.2864"
    assert convert.fraction(0.2864) == "0.2864"
    assert convert.fraction("高") == "高"


def test_seconds_with_their_sign():
    assert convert.seconds("356秒", "秒") == "356秒"
    assert convert.seconds("5分56秒", "秒") == "356秒"
    assert convert.seconds("很久", "秒") == "很久"


def test_ids_are_never_repaired():
    assert convert.identifier("9100000001.0") == "9100000001"
    assert convert.identifier("007") == "007"
    assert convert.identifier(4.200377619264512e27) == "4.20038E+27"
    assert convert.identifier("4200377619264512000.0") == "4200377619264512000.0"


def test_counts_in_ten_thousands():
    assert convert.number("1.2", 10_000) == "12000"
    assert convert.number("1.2万") == "12000"
    assert convert.number("1,200") == "1,200"
    assert convert.number("/", 10_000) == "/"
