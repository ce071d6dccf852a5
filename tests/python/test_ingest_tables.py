"""Reading of CSV and workbooks: encodings, quotes, headers, merged cells, totals, guards; each record is counted."""

import gzip
import io
import zipfile
from datetime import date, datetime

import pytest
from harness.original_tables import CONTEXT, CONTRACTS, read, source, xls, xlsx

from kpi.ingest.delimited import NotText, open_delimited
from kpi.ingest.headers import base_of, flattened, headers, name_of
from kpi.ingest.layouts import LayoutError
from kpi.ingest.limits import Limits, Refused
from kpi.ingest.sources import find_sources
from kpi.ingest.table_layouts import table_layout
from kpi.ingest.tables import open_reader
from kpi.ingest.workbooks import open_workbook

COSTS = "manual__costs"
COST_HEADER = ["费用编号", "开始日期", "结束日期", "费用类型", "社群", "渠道", "活动", "金额", "备注"]
COST_ROW = ["FY0001", "2025/11/1", "2025/11/30", "人工", "——", "——", "——", "￥3,800.37", "社群运营工时"]


def cost(**changes):
    return [changes.get(name, cell) for name, cell in zip(COST_HEADER, COST_ROW, strict=True)]


def lines(*rows, delimiter=","):
    quoted = [
        [f'"{cell}"' if delimiter in str(cell) or "\n" in str(cell) else str(cell) for cell in row] for row in rows
    ]
    return "\n".join(delimiter.join(row) for row in quoted) + "\n"


def records(content, encoding="utf-8"):
    content = content.encode(encoding) if isinstance(content, str) else content
    return list(open_delimited(lambda: io.BytesIO(content)).records())


# encodings and delimiters


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_encodings_and_delimiters(encoding, delimiter):
    result = read(lines(COST_HEADER, COST_ROW, delimiter=delimiter), encoding=encoding)
    assert result.counts == {"header": 1, "landed": 1}
    assert list(result.rows[COSTS][0].values()) == COST_ROW


def test_prose_with_many_commas_does_not_hide_the_tabs():
    prose = "说明：a,b,c,d,e,f,g,h,i,j,k,l,m,n"
    result = read(f"{prose}\n" + lines(COST_HEADER, COST_ROW, delimiter="\t"))
    assert result.counts == {"preamble": 1, "header": 1, "landed": 1}


def test_tables_in_archives(tmp_path):
    content = lines(COST_HEADER, COST_ROW)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("costs.csv", content.encode("gbk"))
        archive.writestr("costs.xlsx", xlsx(("台账", [COST_HEADER, COST_ROW])))
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(content.encode("utf-16")))
    landed = {}
    for found in find_sources(tmp_path):
        reader = open_reader(found, found.head(), CONTEXT)
        landed[found.name] = [item for item in reader if isinstance(item, list)]
    assert {name: len(items) for name, items in landed.items()} == {
        "a.zip/costs.csv": 1,
        "a.zip/costs.xlsx": 1,
        "b.csv": 1,
    }


def test_characters_that_gbk_does_not_have_come_through_gb18030():
    result = read(lines(COST_HEADER, cost(备注="㐀😀")), encoding="gb18030")
    assert result.rows[COSTS][0]["备注"] == "㐀😀"


def test_a_line_that_is_no_text_is_quarantined_with_its_number():
    content = lines(COST_HEADER, COST_ROW).encode() + b"FY0002,2025/11/1,\xff\xfe,x,,,,1,\n" + lines(COST_ROW).encode()
    result = read(content)
    assert result.counts == {"header": 1, "landed": 2, "quarantined": 1}
    assert result.numbers[COSTS] == [2, 4]
    [rejected] = result.rejected
    assert (rejected.number, rejected.column, rejected.export) == (3, "结束日期", COSTS)
    assert "no text in the encoding" in rejected.reason
    rejected.value.encode("utf-8")


def test_a_damaged_line_does_not_turn_a_gbk_file_into_another():
    content = lines(COST_HEADER, COST_ROW).encode("gbk") + b"FY0002,\xff\xff\n"
    result = read(content)
    assert result.rows[COSTS][0]["备注"] == "社群运营工时"
    assert result.counts["quarantined"] == 1


def test_a_file_of_nuls_is_refused():
    with pytest.raises(Refused) as refusal:
        read(b"\0" * 10_000)
    assert refusal.value.reason == "nul"
    with pytest.raises(NotText):
        open_delimited(lambda: io.BytesIO(b"\0" * 10_000))


def test_a_line_with_a_nul_is_quarantined():
    result = read(lines(COST_HEADER, COST_ROW) + "FY0002,\0,,,,,,1,\n")
    assert result.counts == {"header": 1, "landed": 1, "quarantined": 1}


# quotes and cells


def test_quoted_cells_with_commas_quotes_and_line_breaks():
    result = read(lines(COST_HEADER, cost(备注="海报,展架\n二批")) + lines(cost(费用编号="FY0002")))
    assert result.rows[COSTS][0]["备注"] == "海报,展架\n二批"
    assert result.numbers[COSTS] == [2, 4], "a record that spans lines has the number of its first"
    assert records('a,"say ""so""",b\n')[0].cells == ["a", 'say "so"', "b"]


def test_a_quote_that_is_never_closed_costs_its_own_line_only():
    result = read(lines(COST_HEADER) + 'FY0001,"2025/11/1,2025/11/30,人工,,,,1,\n' + lines(*[COST_ROW] * 3))
    assert result.counts == {"header": 1, "landed": 3, "quarantined": 1}
    assert "never closed" in result.rejected[0].reason


def test_a_quote_within_a_cell_is_a_character():
    assert records('a,5" screen,b\n')[0].cells == ["a", '5" screen', "b"]


def test_a_cell_of_more_than_a_mebibyte_is_quarantined():
    result = read(lines(COST_HEADER, cost(备注="x" * (2 << 20)), COST_ROW))
    assert result.counts == {"header": 1, "landed": 1, "quarantined": 1}
    assert len(result.rejected[0].value) <= 100


def test_a_line_without_an_end_does_not_fill_the_memory():
    result = read(lines(COST_HEADER) + "y" * (20 << 20) + "\n" + lines(COST_ROW))
    assert result.counts == {"header": 1, "landed": 1, "quarantined": 1}


def test_lines_may_end_in_any_way():
    for end in ("\n", "\r\n", "\r"):
        assert [record.cells for record in records(f"a,b{end}1,2{end}")] == [["a", "b"], ["1", "2"]]


def test_formulas_are_data():
    result = read(lines(COST_HEADER, cost(备注="=HYPERLINK(1)", 费用编号="+1", 社群="@x", 渠道="-2")))
    row = result.rows[COSTS][0]
    assert (row["备注"], row["费用编号"], row["社群"], row["渠道"]) == ("=HYPERLINK(1)", "+1", "@x", "-2")
    book = xlsx(("台账", [COST_HEADER, cost(备注="=1+1")]))
    assert read(book).rows[COSTS][0]["备注"] == "=1+1"


# headers


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (" 消耗（元） ", "消耗(元)"),
        ("点击率 ％", "点击率%"),
        ("\ufeff订单号", "订单号"),
        ("支付\n时间", "支付时间"),
        ("ＧＭＶ", "GMV"),
        (None, ""),
    ],
)
def test_a_name_has_one_writing(given, name):
    assert name_of(given) == name


def test_units_behind_a_name():
    assert base_of("消耗(元)") == ("消耗", "yuan")
    assert base_of("消耗(分)") == ("消耗", "fen")
    assert base_of("观看人数(万)") == ("观看人数", "wan")
    assert base_of("点击率%") == base_of("点击率(%)") == ("点击率", "")
    assert base_of("第3题(选项)") == ("第3题(选项)", "")


def test_the_same_name_twice_is_told_by_its_place():
    assert [header.name for header in headers(["分销员", "金额", "分销员", ""])] == ["分销员", "金额", "分销员_2", ""]


def test_a_header_of_two_rows():
    names = [
        header.name for header in flattened(["直播名称", "观众数据", "", "备注"], ["", "观看人数", "曝光人数", ""])
    ]
    assert names == ["直播名称", "观众数据_观看人数", "观众数据_曝光人数", "备注"]
    with_merges = flattened(["名称", "", "数据"], ["", "场次", "人数"], [False, False, False])
    assert [header.name for header in with_merges] == ["名称", "场次", "数据_人数"]


def test_trailing_commas_and_nameless_columns():
    result = read(lines([*COST_HEADER, "", ""], [*COST_ROW, "", ""], [*COST_ROW, "甲", ""], COST_ROW))
    assert result.counts == {"header": 1, "landed": 3}
    assert result.reader.unknown_columns == {(COSTS, "(column 10, without a name)"): 1}


def test_rows_that_do_not_fit_the_header_are_quarantined():
    result = read(lines(COST_HEADER, COST_ROW[:5], [*COST_ROW, "surplus"], [*COST_ROW, "", ""]))
    assert result.counts == {"header": 1, "landed": 1, "quarantined": 2}
    assert [rejected.reason for rejected in result.rejected] == [
        "5 cells, the header has 9",
        "10 cells, the header has 9",
    ]


def test_unknown_columns_are_told_and_not_landed():
    result = read(lines([*COST_HEADER, "经手人电话"], [*COST_ROW, "13800138000"]))
    assert result.unknown == {"经手人电话"}
    assert "13800138000" not in result.rows[COSTS][0].values()


def test_banner_blank_total_note_and_repeated_header_are_told_apart():
    banner = [["2025年费用登记表"], ["单位：元"], []]
    rows = [
        COST_HEADER,
        COST_ROW,
        [""] * 9,
        COST_HEADER,
        COST_ROW,
        ["合计", *[""] * 6, "7600.74", ""],
        ["制表人：张三"],
    ]
    result = read(lines(*banner, *rows))
    assert result.counts == {"preamble": 2, "blank": 2, "header": 2, "landed": 2, "total": 1, "ignored": 1}
    assert result.numbers[COSTS] == [5, 8]
    assert result.reasons == {"a note under the table": 1}


def test_a_file_with_a_header_only_is_recognised_and_empty():
    result = read(lines(COST_HEADER))
    assert result.counts == {"header": 1}
    assert result.reader.unrecognised is None
    assert result.reader.layouts == ["manual__costs: 费用登记表"]


def test_the_header_is_found_within_sixty_rows_and_not_beyond():
    assert read("标题\n" * 59 + lines(COST_HEADER, COST_ROW)).counts["landed"] == 1
    assert read("标题\n" * 60 + lines(COST_HEADER, COST_ROW)).reader.unrecognised is not None


def test_an_unknown_file_names_the_nearest_layout_and_no_value():
    result = read(lines(["费用编号", "开始日期", "费用类型", "钱"], ["FY1", "2025/1/1", "人工", "13800138000"]))
    unrecognised = result.reader.unrecognised
    assert not result.rows
    assert unrecognised.nearest[0].export == COSTS
    assert unrecognised.nearest[0].missing == ("金额",)
    assert unrecognised.nearest[0].extra == ("钱",)
    assert read("13800138000,张三\n").reader.unrecognised.nearest == ()


def test_json_and_xml_are_left_to_their_readers():
    for content in (b'{"a": 1}', b"[1]", b"\xef\xbb\xbf <xml/>"):
        assert open_reader(source("file", content), content, CONTEXT) is None


# workbooks


def test_dates_numbers_and_ids_of_a_workbook():
    rows = [COST_HEADER, cost(开始日期=date(2025, 11, 1), 结束日期=45991, 金额=1234.5, 费用编号=1001)]
    for content in (
        xlsx(("台账", rows)),
        xls([[*rows[0]], cost(开始日期=datetime(2025, 11, 1), 结束日期=45991, 金额=1234.5, 费用编号=1001)]),
    ):
        row = read(content).rows[COSTS][0]
        assert (row["开始日期"], row["结束日期"]) == ("2025/11/1", "2025/11/30")
        assert (row["金额"], row["费用编号"]) == ("1234.5", "1001")


def test_a_workbook_that_counts_from_1904():
    content = xlsx(("台账", [COST_HEADER, cost(开始日期=date(2025, 11, 1), 结束日期="44529")]), is_1904=True)
    row = read(content).rows[COSTS][0]
    assert (row["开始日期"], row["结束日期"]) == ("2025/11/1", "2025/11/30")


def test_merged_cells_hold_their_value_in_the_columns_that_say_so():
    rows = [["2025年费用"], COST_HEADER, COST_ROW, cost(费用编号="FY0002", 费用类型=None, 备注=None)]
    rows.append(cost(费用编号="FY0003", 备注=None))
    merged = [(0, 0, 0, 8), (2, 3, 3, 3), (2, 8, 4, 8)]
    for content in (xlsx(("台账", rows), merged=merged), xls(rows, merged=merged)):
        landed = read(content).rows[COSTS]
        assert [row["费用类型"] for row in landed] == ["人工", "人工", "人工"]
        assert [row["备注"] for row in landed] == ["社群运营工时", None, None], (
            "not every merged cell speaks for its rows"
        )


def test_sheets_that_nobody_knows_are_named_and_counted():
    content = xlsx(("说明", [["请勿修改表头"], [None], ["谢谢"]]), ("台账", [COST_HEADER, COST_ROW]))
    result = read(content)
    assert result.counts == {"ignored": 2, "blank": 1, "header": 1, "landed": 1}
    assert result.reasons == {"sheet 说明: no layout fits": 2}
    assert result.parts == {""}


def test_several_known_sheets_are_told_apart():
    products = [["product_id", "商品名称", "类目", "商品角色", "单位成本"], ["P001", "洗面奶", "洁面", "引流", 4.2]]
    result = read(xlsx(("费用", [COST_HEADER, COST_ROW]), ("商品", products)))
    assert result.parts == {"#费用", "#商品"}
    assert result.rows["manual__products"][0]["单位成本"] == "4.2"


def test_rows_have_the_numbers_that_the_spreadsheet_shows():
    result = read(xlsx(("台账", [[None], [None], COST_HEADER, COST_ROW, [None], COST_ROW])))
    assert result.numbers[COSTS] == [4, 6]
    assert result.counts == {"blank": 3, "header": 1, "landed": 2}


def test_error_values_do_not_pass_as_blank():
    buffer = io.BytesIO()
    import xlsxwriter

    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("台账")
        sheet.write_row(0, 0, COST_HEADER)
        sheet.write_row(1, 0, COST_ROW)
        sheet.write_formula(1, 7, "=VLOOKUP(1,A:A,1)", None, "#N/A")
    assert read(buffer.getvalue()).rows[COSTS][0]["金额"] == "#N/A"


# guards


def refusal_of(content):
    with pytest.raises(Refused) as refusal:
        read(content)
    return refusal.value.reason


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            for _ in range(128):
                member.write(b"0" * (1 << 20))
    assert refusal_of(buffer.getvalue()) == "bomb"


def test_a_sheet_that_spans_the_whole_grid_is_refused():
    rows = [[None]]
    content = xlsx(("台账", rows))
    edited = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(edited, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member.endswith("sheet1.xml"):
                cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
                data = data.replace(b"<sheetData/>", b"<sheetData>" + cells + b"</sheetData>")
                assert b"XFD" in data
            new.writestr(member, data)
    assert refusal_of(edited.getvalue()) == "too_large"


def test_an_xls_with_a_cell_beyond_its_grid_is_refused():
    content = bytearray(xls([[1.5, None, 2.5]]))
    number = b"\x7e\x02\x0a\x00" + b"\0\0\2\0"  # a record of a number: kind, length, row 0, column 2
    at = content.index(number) + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    assert refusal_of(bytes(content)) == "too_large"


def test_passwords_and_damage_are_refused():
    assert refusal_of(b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")) == "encrypted"
    assert refusal_of(b"\xd0\xcf\x11\xe0" + bytes(600)) == "damaged"
    assert refusal_of(xlsx(("台账", [COST_HEADER, COST_ROW]))[:-200]) == "damaged"


def test_an_archive_that_is_no_workbook_is_left_to_others():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "a,b\n")
    assert open_workbook("a.zip", buffer.getvalue(), Limits()) is None


# the language of layouts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"requiers": ["a"]}, "unknown key requiers"),
        ({"columns": {"费用": "钱"}}, "费用 is no column"),
        ({"units": {"金额": "jiao"}}, "units: one of"),
        ({"requires": []}, "at least one header"),
        ({"aliases": {"钱": "费用"}}, "aliases: 费用"),
    ],
)
def test_a_layout_that_cannot_be_meant_is_refused(change, message):
    raw = {"name": "x", "known_from": "own", "kind": "table", "requires": ["费用编号"], **change}
    with pytest.raises(LayoutError, match=message):
        table_layout(CONTRACTS[COSTS], raw)
