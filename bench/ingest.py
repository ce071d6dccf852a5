"""What ingest costs by format: `python bench/ingest.py [--rows 20000] [--messages 200000] [--only json_lines]`.

For each format a file of made-up records is written, read by the plain reader of the library in use (csv,
calamine, orjson, ijson, expat; every value made, none kept), and landed by ``kpi ingest``: recognised, persons
to keys, texts to features, all accounted for, Parquet written. Each measurement is a process of its own; CPU
seconds begin once modules and word lists are loaded, peak memory counts all. The messages are written line by
line, so that ``--messages 20000000`` needs disk and no memory. One session, one machine: read the ratios, not
the seconds.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ORDER = (
    *("订单号", "订单状态", "订单类型", "订单创建时间", "买家付款时间", "交易成功时间", "商品金额合计", "运费"),
    *("店铺优惠合计", "应收订单金额", "订单实付金额", "全部商品名称", "商品种类数", "推广方式", "买家手机号"),
    *("订单退款状态", "订单已退款金额", "团长订单", "收货人/提货人", "详细收货地址/提货地址", "买家昵称", "买家备注"),
)
WORDS = (
    *("上周", "我家", "怎么用", "明天", "帮我看看", "老样子", "回购", "颜色", "惊艳", "敷十分钟", "给大家看看"),
    *("物流", "太慢了", "喜欢", "宝宝", "面膜", "多少钱", "优惠券", "谢谢"),
)
START = 1_767_225_600  # 2026-01-01 in Shanghai, 00:00 + 8 h


def orders(rows: int) -> Iterator[list[str]]:
    """Rows of a shop's order report, header first."""
    draw = random.Random(7)
    yield list(ORDER)
    for i in range(rows):
        day = f"2026-01-{1 + i * 31 // rows:02d} {draw.randrange(24):02d}:{draw.randrange(60):02d}:00"
        phone = f"1{draw.randrange(30, 99)}{draw.randrange(10**8):08d}"
        price = f"{draw.randrange(1, 2000)}.{draw.randrange(100):02d}"
        yield [
            f"E2026{i:019d}", "交易完成", "普通订单", day, day, day, price, "0.00", "0.00", price, price,
            draw.choice(WORDS) + ",面膜", "2", "", phone, "", "0.00", "否",
            "张三", "上海市某路 1 号", "小橙子🍊", "",
        ]  # fmt: skip


def messages(rows: int) -> Iterator[str]:
    """Lines of a message archive: 50,000 senders, 500 groups; texts of a few words, most of them different."""
    draw = random.Random(7)
    for i in range(rows):
        text = "，".join(draw.choice(WORDS) for _ in range(draw.randrange(2, 7))) + str(i)
        sent = (START + i * 86_400 // rows) * 1000
        yield (
            f'{{"seq":{i},"msgid":"{i:021d}_external","action":"send","from":"wmKpqDEAAA{draw.randrange(50_000):022d}",'
            f'"tolist":["wangwei","liqiang"],"roomid":"wrDykn14tt{draw.randrange(500):06d}",'
            f'"msgtime":{sent},"msgtype":"text","text":{{"content":"{text}"}}}}\n'
        )


def write_csv(path: Path, rows: int, encoding: str) -> None:
    """An order report as text."""
    with path.open("w", encoding=encoding, errors="ignore", newline="") as file:
        csv.writer(file).writerows(orders(rows))


def write_workbook(path: Path, rows: int) -> None:
    """An order report as a workbook."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(orders(rows)):
            sheet.write_row(number, 0, row)


def write_messages(path: Path, rows: int) -> None:
    """A message archive as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(messages(rows))


def write_document(path: Path, rows: int) -> None:
    """Check-ins as one JSON document."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"code":0,"msg":"success","data":{"activity_id":"DK001","chat_id":"wrDykn14ttK3FZtP","list":[')
        for i in range(rows):
            file.write(
                f'{"," if i else ""}{{"id":"wmKpqDEAAA{i:022d}","nickname":"爱吃糖的鱼","ip_city":"上海",'
                f'"last_check_in_time":{START + i},"total_days":{i % 30},"succession_days":{i % 7},"phase":"joined"}}'
            )
        file.write("]}}")


def write_callbacks(path: Path, rows: int) -> None:
    """Callbacks of groups, one XML document behind the other."""
    with path.open("w", encoding="utf-8") as file:
        for i in range(rows):
            file.write(
                "<xml><ToUserName><![CDATA[ww9d]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
                f"<CreateTime>{START + i}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
                "<Event><![CDATA[change_external_chat]]></Event>"
                f"<ChatId><![CDATA[wrDykn14tt{i % 500:06d}]]></ChatId><ChangeType><![CDATA[update]]></ChangeType>"
                "<UpdateDetail><![CDATA[add_member]]></UpdateDetail><JoinScene>3</JoinScene><QuitScene>0</QuitScene>"
                f"<MemChangeCnt>1</MemChangeCnt><MemChangeList><Item>wmKpqDEAAA{i:022d}</Item></MemChangeList></xml>\n"
            )


def read_csv(path: Path, encoding: str) -> int:
    """Cells of a text table by the csv module."""
    with path.open(encoding=encoding, newline="") as file:
        return sum(len(row) for row in csv.reader(file))


def read_workbook(path: Path) -> int:
    """Cells of a workbook by calamine."""
    import python_calamine

    return sum(
        len(row) for row in python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    )


def read_lines(path: Path) -> int:
    """Values of JSON lines by orjson."""
    import orjson

    with path.open("rb") as file:
        return sum(len(orjson.loads(line)) for line in file)


def read_document(path: Path) -> int:
    """Values of a JSON document by ijson."""
    import ijson

    with path.open("rb") as file:
        return sum(len(item) for item in ijson.items(file, "data.list.item"))


def read_callbacks(path: Path) -> int:
    """Elements of XML by expat; the documents get one root, which expat wants."""
    from xml.parsers import expat

    found = 0

    def count(*_: object) -> None:
        nonlocal found
        found += 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = count
    parser.CharacterDataHandler = count
    parser.Parse(b"<all>")
    with path.open("rb") as file:
        while piece := file.read(1 << 16):
            parser.Parse(piece)
    parser.Parse(b"</all>", True)
    return found


FORMATS: dict[str, tuple[str, Callable[[Path, int], None], Callable[[Path], int]]] = {
    "csv_utf8": (".csv", lambda p, n: write_csv(p, n, "utf-8-sig"), lambda p: read_csv(p, "utf-8-sig")),
    "csv_gb18030": (".csv", lambda p, n: write_csv(p, n, "gb18030"), lambda p: read_csv(p, "gb18030")),
    "xlsx": (".xlsx", write_workbook, read_workbook),
    "json_lines": (".jsonl", write_messages, read_lines),
    "json_document": (".json", write_document, read_document),
    "xml": (".xml", write_callbacks, read_callbacks),
}


def plain(name: str, path: Path) -> int:
    """What the library alone gives."""
    return FORMATS[name][2](path)


def land(path: Path, into: Path) -> int:
    """Records that a run accounts for.

    Raises:
        SystemExit: when something of the file did not land.
    """
    from kpi.contracts import load_contracts
    from kpi.ingest.run import ingest
    from kpi.privacy.keys import Secret
    from kpi.privacy.vault import open_vault

    secret = Secret(b"a secret of the bench, long enough")
    with open_vault(secret, into, into.parent / f"{into.name}.sqlite") as vault:
        report = ingest(path.parent, into, contracts=load_contracts(), secret=secret, vault=vault)
    if report.is_wrong() or report.by_status()["landed"] != 1:
        sys.exit(json.dumps(report.to_json(), ensure_ascii=False)[:2000])
    return report.records()["read"]


def measure(way: str, name: str, path: Path, into: Path) -> dict[str, float]:
    """CPU seconds, wall seconds and peak MB of one way, in this process."""
    if way == "ingest":  # what is loaded once, however large the files
        import pyarrow.dataset  # noqa: F401

        from kpi.contracts import load_contracts
        from kpi.ingest import run
        from kpi.privacy.text import TextReader

        load_contracts()
        TextReader(str).features("热身")
        assert run
    wall, cpu = time.perf_counter(), time.process_time()
    count = plain(name, path) if way == "plain" else land(path, into)
    return {
        "count": count,
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Print one line per format."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000, help="records of each format but messages")
    parser.add_argument("--messages", type=int, default=200_000, help="lines of the message archive")
    parser.add_argument("--only", choices=FORMATS, action="append", help="these formats")
    parser.add_argument("--scratch", type=Path, help="where to write (default: the system's temporary directory)")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        way, name, path, into = given.measure
        print(json.dumps(measure(way, name, Path(path), Path(into))))
        return
    print("format          records       MB   plain CPU s   ingest CPU s   ratio   records/CPU s   peak MB   plain MB")
    for name in given.only or FORMATS:
        with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
            folder = Path(scratch)
            (folder / "in").mkdir()
            suffix, write, _ = FORMATS[name]
            rows = given.messages if name == "json_lines" else given.rows
            path = folder / "in" / f"export_20260201080000{suffix}"
            write(path, rows)
            found = {}
            for way in ("plain", "ingest"):
                command = [sys.executable, __file__, "--measure", way, name, str(path), str(folder / "landed")]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{name}, {way}: {done.stderr}{done.stdout}")
                found[way] = json.loads(done.stdout)
            one, other = found["plain"], found["ingest"]
            print(
                f"{name:<14}{rows:>9,}{path.stat().st_size / 1e6:>9.1f}{one['cpu']:>14.2f}{other['cpu']:>15.2f}"
                f"{other['cpu'] / one['cpu']:>8.1f}{rows / other['cpu']:>16,.0f}{other['peak']:>10.0f}"
                f"{one['peak']:>11.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
