"""Original files of known people go in; their names, numbers, addresses, ids and words are found nowhere afterwards."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kpi.app import app
from kpi.contracts import load_contracts
from kpi.ingest.landing import Landing
from kpi.privacy import keys
from kpi.privacy.keys import KEY
from kpi.privacy.vault import PLACE, vault_path
from kpi.publish.run import publish

# everything that is somebody's: what the files below hold
NAMES = ["王小美美", "小鹿乱撞呀", "梁佳涛先生", "萧露露"]
PHONES = ["13800138001", "13900139002", "19192451912"]
ADDRESSES = ["人民路681号11栋1701室"]
IDS = [
    "wmKpqDEAAAanna0000000000000000001",
    "o6_bmjAnna00000000000000001",
    "oXq7t5Anna00000000000000001",
    "liuqiangdong",
]
TEXTS = ["面膜好用吗我是王小美美", "我家住在人民路", "请打我电话"]
REMARKS = ["黄强丹-老客户", "放门口就好了"]
CARDS = ["11010119900307663X"]
SECRETS = [*NAMES, *CARDS, *PHONES, *ADDRESSES, *IDS, *TEXTS, *REMARKS]
WM, UN, OP, ST = IDS
YOUZAN = [
    *("订单号", "销售渠道", "归属店铺", "订单类型", "订单状态", "推广方式", "订单来源", "订单创建时间", "买家付款时间"),
    *("交易成功时间", "付款方式", "支付流水号", "商品金额合计", "运费", "店铺优惠合计", "支付优惠合计", "应收订单金额"),
    *("订单实付金额", "订单实收金额", "全部商品名称", "收货人/提货人", "收货人手机号/提货人手机号", "收货人省份"),
    *("详细收货地址/提货地址", "买家备注", "买家昵称", "买家手机号", "订单退款状态", "订单已退款金额", "商家订单备注"),
]


def originals(folder: Path) -> None:
    """Files as the platforms give them."""
    contact = {"external_userid": WM, "name": NAMES[1], "type": 1, "gender": 2, "unionid": UN}
    follow = {"userid": ST, "remark": REMARKS[0], "createtime": 1734176520, "add_way": 1,
              "remark_mobiles": [PHONES[0], PHONES[1]]}  # fmt: skip
    customer = {"errcode": 0, "external_contact": contact, "follow_user": [follow]}
    members = [{"userid": ST, "type": 1, "join_time": 1746778334, "join_scene": 1, "name": NAMES[3]},
               {"userid": WM, "type": 2, "join_time": 1746778379, "join_scene": 1, "unionid": UN, "name": NAMES[1],
                "group_nickname": NAMES[0], "invitor": {"userid": ST}}]  # fmt: skip
    group = {"chat_id": "wrDykn14ttK3FZtP", "name": "上海福利1群", "owner": ST, "create_time": 1746778334,
             "member_list": members, "notice": f"找{NAMES[3]}"}  # fmt: skip
    write_lines(folder / "customers_20260519.jsonl", [call("externalcontact/get", customer)])
    write_lines(folder / "groups_20260519.jsonl", [call("externalcontact/groupchat/get", {"group_chat": group})])
    write_lines(
        folder / "archive_20260519.jsonl",
        [
            {"seq": 1 + n, "msgid": f"17619263999990000{n}", "action": "send", "from": WM, "tolist": [ST],
             "roomid": "wrDykn14ttK3FZtP", "msgtime": 1778000000000 + n, "msgtype": "text", "text": {"content": text}}
            for n, text in enumerate(TEXTS)
        ],
    )  # fmt: skip
    order = {"order_id": "3776192645121785169", "openid": OP, "unionid": UN, "status": 100, "create_time": 1777000000,
             "update_time": 1777000000, "order_detail": {
                 "product_infos": [{"product_id": "1", "sku_id": "1", "sku_cnt": 1, "title": "面膜", "sale_price": 100,
                                    "real_price": 100}],
                 "price_info": {"product_price": 100, "order_price": 100, "freight": 0},
                 "pay_info": {"pay_time": 1777000000},
                 "delivery_info": {"address_info": {"user_name": NAMES[2], "tel_number": PHONES[2],
                                                    "detail_info": ADDRESSES[0]}}}}  # fmt: skip
    write_lines(folder / "store_20260519.jsonl", [{"errcode": 0, "order": order}])
    rows = [
        {"订单号": "E202605010036655150000", "买家手机号": PHONES[0]},
        {"订单号": "", "买家手机号": PHONES[1]},  # no key: set aside by ingest
        {"订单号": "E202605010036655150001", "买家手机号": f"{PHONES[0]} {NAMES[0]}"},
        # cells of a row that has slipped
        {"订单号": "E20260501003665515", "订单实付金额": NAMES[2], "运费": PHONES[2], "买家付款时间": NAMES[0]},
        {"订单号": "E20260501003665516", "全部商品名称": f"面膜，送到{PHONES[1]}，身份证11010119900307663X"},
    ]
    personal = {
        **{"收货人/提货人": NAMES[2], "收货人手机号/提货人手机号": PHONES[2], "详细收货地址/提货地址": ADDRESSES[0]},
        **{"买家备注": REMARKS[1], "买家昵称": NAMES[1], "商家订单备注": f"=HYPERLINK({PHONES[1]})"},
    }
    usual = {"订单创建时间": "2026-05-01 08:52:41", "订单状态": "交易完成", "订单实付金额": "72.17"}
    with (folder / "orders_20260519.csv").open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, YOUZAN)
        writer.writeheader()
        writer.writerows({**usual, **personal, **row} for row in rows)
        out.write(f"{NAMES[0]},{PHONES[0]}\n")  # fits no header
    (folder / "notes.csv").write_text(f"{NAMES[0]},{PHONES[0]}\n{NAMES[1]},{PHONES[1]}\n", encoding="utf-8")


def call(api: str, response: dict) -> dict:
    return {"api": api, "request": {}, "response": {"errcode": 0, **response}, "fetched_at": "2026-05-19 02:00:00"}


def write_lines(path: Path, records: list[dict]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By place, everything that can be read there."""
    tmp = tmp_path_factory.mktemp("raw")
    source, landing, built, bi = (tmp / name for name in ("in", "landed", "community_metrics.duckdb", "bi.duckdb"))
    source.mkdir()
    originals(source)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(keys.SECRET_TEXT, "a secret of the tests, long enough")
        patched.setenv(PLACE, str(tmp / "data" / "identities.sqlite"))
        said = [
            CliRunner().invoke(app, ["ingest", str(source), "--into", str(landing), *more]) for more in ([], ["--json"])
        ]
        vault = vault_path().read_bytes()
    build(landing, built)
    publish(built, bi, {"semantic_models": [], "metrics": []}, None, with_persons=True)
    return {
        "said": "\n".join(done.output for done in said),
        "landing": "\n".join(read_landed(landing)),
        "warehouse": "\n".join((*read_database(built), strings(built))),
        "published": "\n".join((*read_database(bi), strings(bi))),
        "vault": vault.decode("utf-8", "replace"),
    }


def build(landing: Path, warehouse: Path) -> None:
    """A warehouse without dbt: every landed export is a table of marts, so that all of it is published."""
    opened = Landing.open(landing)
    with duckdb.connect(str(warehouse)) as db:
        for schema in ("staging", "marts"):
            db.execute(f"create schema {schema}")
            for export in opened.manifest.exports():
                db.execute(f"create table {schema}.{export} as select * from {opened.reader(export)}")


def read_landed(directory: Path) -> list[str]:
    """All cells and all bytes."""
    found = []
    for path in directory.rglob("*"):
        if path.is_file():
            found += [path.name, path.read_bytes().decode("utf-8", "replace")]
        if path.suffix == ".parquet":
            found += [json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False), str(pq.read_metadata(path))]
    return found


def read_database(file: Path) -> list[str]:
    with duckdb.connect(str(file), read_only=True) as db:
        tables = db.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
        return [repr(db.execute(f'select * from {schema}."{table}"').fetchall()) for schema, table in tables]


def strings(file: Path) -> str:
    """The bytes of a file, pages that nobody uses too."""
    return file.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("place", ["landing", "warehouse", "published", "said"])
def test_nothing_raw_is_found(place: str, places: dict[str, str]) -> None:
    assert [value for value in SECRETS if value in places[place]] == []


def test_the_sample_is_there_to_be_found(places: dict[str, str]) -> None:
    """The test above would also pass if nothing had landed."""
    for place in ("landing", "warehouse", "published"):
        for export in ("wecom__customers", "wecom__group_members", "wecom__messages", "wechat_store__orders",
                       "youzan__orders"):  # fmt: skip
            assert export in load_contracts()
        assert "3776192645121785169" in places[place]
        assert "E202605010036655150000" in places[place]
    found = {match.group() for match in KEY.finditer(places["landing"])}
    secret = keys.Secret(b"a secret of the tests, long enough")
    expected = {secret.key("wm", WM), secret.key("un", UN), secret.key("op", OP), secret.key("st", ST)}
    assert expected | {secret.key("ph", number) for number in PHONES[:1]} <= found
    assert "面膜 好用" in places["landing"]  # terms stay, sentences do not
    assert [value for value in (PHONES[0], WM, UN, OP, ST) if value not in places["vault"]] == []
    assert [value for value in (*NAMES, *ADDRESSES, *TEXTS) if value in places["vault"]] == []


def test_another_export_of_the_old_files_does_not_bring_an_erased_person_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders and messages stay landed as nobody's; landed again, they count twice and their numbers lead back."""
    monkeypatch.setenv(keys.SECRET_TEXT, "a secret of the tests, long enough")
    monkeypatch.setenv(PLACE, str(tmp_path / "data" / "identities.sqlite"))
    source, landing = tmp_path / "in", tmp_path / "landed"
    source.mkdir()
    originals(source)
    run = CliRunner()
    run.invoke(app, ["ingest", str(source), "--into", str(landing)])
    key = keys.Secret(b"a secret of the tests, long enough").key("wm", WM)
    erased = run.invoke(app, ["erase", key, "--landing", str(landing), "--yes"])
    assert erased.exit_code == 0, erased.output
    numbers = ["3776192645121785169", "E202605010036655150000", "176192639999900000"]
    assert [n for n in numbers if n in "\n".join(read_landed(landing))] == []
    before = {e: parts_rows(landing, e) for e in ("wecom__messages", "youzan__orders", "wechat_store__orders")}
    for path in sorted(source.glob("*_20260519.*")):  # the same rows, another day, other bytes
        later = path.with_name(path.name.replace("20260519", "20260601"))
        text = path.read_bytes().replace(b"2026-05-19 02:00:00", b"2026-06-01 02:00:00")
        path.unlink()
        later.write_bytes(text + b"\n")
    again = json.loads(run.invoke(app, ["ingest", str(source), "--into", str(landing), "--json"]).stdout)
    found = "\n".join(read_landed(landing))
    assert [n for n in (*numbers, key, *SECRETS) if n in found] == []
    after = {export: parts_rows(landing, export) for export in before}
    assert after["wecom__messages"] == before["wecom__messages"] == len(TEXTS)
    assert after["wechat_store__orders"] == before["wechat_store__orders"] == 1
    reasons = [reason for file in again["files"] for reason in file["ignored"]]
    assert sum("erased" in reason for reason in reasons) == 3
    assert all(file["records"]["read"] == sum(n for k, n in file["records"].items() if k != "read")
               for file in again["files"] if file["records"])  # fmt: skip


def parts_rows(landing: Path, export: str) -> int:
    return sum(part.rows for part in Landing.open(landing).parts(export))


def test_rows_set_aside_show_no_value(places: dict[str, str]) -> None:
    assert "ingest__rejected_rows" in places["landing"]


def test_a_traceback_shows_no_variables() -> None:
    assert app.pretty_exceptions_show_locals is False


def test_an_import_of_the_keys_needs_no_heavy_library() -> None:
    """`kpi --help` and whoever only makes keys should not load a dictionary or a warehouse."""
    heavy = "'rjieba', 'duckdb', 'pyarrow', 'dbt'"
    program = f"import sys, kpi.app, kpi.privacy.keys; print([m for m in ({heavy}) if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
