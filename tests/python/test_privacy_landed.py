"""Erasing, changing the secret and expiry, on a landing directory of known people."""

from __future__ import annotations

import csv
import json
import os
import stat
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from harness import people
from harness.people import ANNA, BERT, CARL, FAMILY_PHONE, STAFF, land_rows, land_sample, read_rows
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from kpi.app import app
from kpi.contracts import load_contracts
from kpi.ingest.landing import Landing
from kpi.ingest.manifest import LandingError
from kpi.privacy import keys, rekey, rewriting
from kpi.privacy.erase import LEDGER, erase
from kpi.privacy.expire import expire
from kpi.privacy.keys import PrivacyError, Pseudonymiser, Secret, load_secret
from kpi.privacy.vault import PLACE, open_vault

RUN = CliRunner()


class Dies(BaseException):
    """A process that ends here."""


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A landing directory with the sample, and a secret and an identity map of its own."""
    for name in (keys.SECRET_TEXT, keys.SECRET_FILE, "COMMUNITY_METRICS_EXPORTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv(PLACE, str(tmp_path / "data" / "identities.sqlite"))
    directory = tmp_path / "landed"
    monkeypatch.setattr("harness.people.MADE", land_sample(directory, load_secret()), raising=False)
    return directory


def made() -> dict[str, str]:
    """Keys by raw id."""
    return people.MADE


def everything(directory: Path) -> str:
    """All cells that are landed, and whatever else lies in the directory, as one text."""
    texts = []
    for path in sorted(directory.rglob("*")):
        if path.suffix == ".parquet":
            texts.append(json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False))
        elif path.is_file():
            texts.append(path.read_text(encoding="utf-8"))
    return "\n".join(texts)


def shape(rows: list[dict[str, str]]) -> list[tuple]:
    """Rows with every value exchanged for how often it occurs in its column: what counts and distinct counts see."""
    counts = {name: Counter(row[name] for row in rows) for name in rows[0]}
    return [tuple(counts[name][row[name]] for name in row) for row in rows]


def test_nothing_raw_is_landed(landing: Path) -> None:
    found = everything(landing)
    assert made()[ANNA.wm] in found
    for value in (*ANNA.values, *BERT.values, *CARL.values, FAMILY_PHONE, STAFF):
        assert value not in found


@pytest.mark.parametrize("by", ["wm", "un", "op", "phone"])
def test_an_erased_person_is_gone_by_whatever_key_and_figures_stay(by: str, landing: Path) -> None:
    before = {export: read_rows(landing, export) for export in Landing.open(landing).manifest.exports()}
    theirs = {made()[raw] for raw in (ANNA.wm, ANNA.un, ANNA.op, ANNA.phone)}
    content = before["wecom__messages"][0]["content_hash"]
    done = erase(landing, made()[getattr(ANNA, by)], load_secret())
    assert (done.keys, done.known, done.shared) == (4, 4, {made()[FAMILY_PHONE]})
    found = everything(landing)
    for gone in (*theirs, "E202605010261298855002411", "3776192645121711", "4200377619264511", "IV00001",
                 "10000000001", "10000000003", "10000000009"):  # fmt: skip
        assert gone not in found
    after = {export: read_rows(landing, export) for export in before}
    described = after.pop("scrm__customer_demographics")
    assert [row["external_userid"] for row in described] == [made()[BERT.wm]]
    for export, rows in after.items():
        assert [row.keys() for row in rows] == [row.keys() for row in before[export]]
        if export != "wecom__messages":
            assert shape(rows) == shape(before[export]), export
    for kept in (made()[BERT.wm], made()[CARL.wm], "E202605010261298855002422", made()[FAMILY_PHONE]):
        assert kept in found
    # the person's two equal texts stay equal, and another one's equal text stays what it was
    hashes = [row["content_hash"] for row in after["wecom__messages"]]
    assert hashes[0] == hashes[2] != content == hashes[3]
    assert after["wecom__messages"][4]["pre_msgid"] == after["wecom__messages"][2]["msgid"]
    order, payment = after["wechat_store__orders"][0], after["wechat_pay__trade_bills"][0]
    assert payment["商户订单号"] == f"`{order['order_id']}"
    assert payment["用户标识"] == f"`{order['openid']}"
    assert payment["微信退款单号"] == "`"
    line, again = (after["youzan__order_lines"][n]["订单号"] for n in (0, 2))
    assert line == again == after["youzan__orders"][0]["订单号"]
    customer, member = after["wecom__customers"][0], after["wecom__group_members"][0]
    assert (customer["external_userid"], customer["unionid"]) == (member["userid"], member["unionid"])
    assert after["manual__member_roles"][0] == {**before["manual__member_roles"][0], "member_key": member["userid"]}


def test_erasing_leaves_a_line_without_a_key_and_keeps_the_person_out(landing: Path) -> None:
    erase(landing, made()[ANNA.wm], load_secret())
    with (landing / LEDGER).open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 1
    assert lines[0]["how"] == "keys replaced"
    assert int(lines[0]["rows"]) == 15
    secret = load_secret()
    with open_vault(secret, landing) as vault:
        again = Pseudonymiser(secret, vault)
        assert [again.key("wm", ANNA.wm), again.phone(ANNA.phone), again.key("un", ANNA.un)] == [None] * 3
        assert again.phone(FAMILY_PHONE)
        assert again.erased == 3
        assert len(vault.find(made().values())) == len(made()) - 4
    with pytest.raises(PrivacyError, match="nothing to erase"):
        erase(landing, made()[ANNA.wm], secret)
    Landing.open(landing)
    with Landing.locked(landing, exports=load_contracts(), secret=secret.fingerprint):
        pass  # the ledger is no stranger in the directory


def test_a_shared_phone_is_its_own_person(landing: Path) -> None:
    done = erase(landing, made()[FAMILY_PHONE], load_secret())
    assert (done.keys, done.rows) == (1, {"wecom__customers": 2})
    phones = [set(json.loads(row["remark_mobiles"])) for row in read_rows(landing, "wecom__customers")]
    assert len(phones[0] & phones[1]) == 1
    assert made()[FAMILY_PHONE] not in phones[0]


def test_rows_deleted(landing: Path) -> None:
    before = {export: len(read_rows(landing, export)) for export in Landing.open(landing).manifest.exports()}
    done = erase(landing, made()[ANNA.wm], load_secret(), delete_rows=True)
    after = {export: len(read_rows(landing, export)) for export in before}
    assert {export: before[export] - after[export] for export in before if before[export] != after[export]} == {
        "manual__member_roles": 1, "referral__records": 2, "scrm__customer_demographics": 1,
        "wechat_pay__trade_bills": 1, "wechat_store__orders": 1, "wecom__customers": 1, "wecom__group_members": 1,
        "wecom__messages": 3, "youzan__order_lines": 2, "youzan__orders": 1,
    }  # fmt: skip
    assert read_rows(landing, "wecom__group_events")[0]["MemChangeList"] == made()[BERT.wm]
    assert done.rows["wecom__group_events"] == 1
    assert made()[ANNA.wm] not in everything(landing)
    with pytest.raises(PrivacyError, match="staff member"):
        erase(landing, made()[STAFF], load_secret(), delete_rows=True)


def test_what_is_no_key_or_nobodys_is_refused(landing: Path) -> None:
    before = everything(landing)
    for key, message in (("13800138001", "no key"), (Secret(b"x" * 32).key("wm", "a"), "nothing to erase")):
        with pytest.raises(PrivacyError, match=message):
            erase(landing, key, load_secret())
    with pytest.raises(LandingError, match="another secret"):
        erase(landing, made()[ANNA.wm], Secret(b"another secret of the tests"))
    assert everything(landing) == before


def test_killed_while_erasing_the_same_command_does_the_rest(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(landing)

    def die(point: str) -> None:
        if point == "manifest":
            raise Dies

    with monkeypatch.context() as patched:
        patched.setattr("kpi.ingest.landing.reached", die)
        with pytest.raises(Dies):
            erase(landing, made()[ANNA.wm], load_secret())
    assert everything(landing) == before
    assert erase(landing, made()[ANNA.wm], load_secret()).keys == 4
    assert made()[ANNA.un] not in everything(landing)


@given(st.from_regex(r"[A-Z]{0,2}[0-9]{1,30}(_external)?", fullmatch=True), st.integers(0, 30))
def test_a_number_is_exchanged_for_another_of_its_form(number: str, others: int) -> None:
    taken: set[str] = {number}
    for _ in range(others):
        drawn = rewriting.lookalike(number, taken)
        assert drawn not in taken
        assert drawn[: len(number)].isdigit() == number.isdigit()
        taken.add(drawn)


def test_a_new_secret_changes_every_key_and_nothing_else(landing: Path) -> None:
    before = {export: read_rows(landing, export) for export in Landing.open(landing).manifest.exports()}
    old = load_secret()
    stranger = old.key("wm", "landed without the map")
    land_rows(landing, "manual__member_roles", [{"member_key": stranger, "role": "kol"}], file="more.csv")
    done = rekey.rekey(landing, old, rekey.new_secret(old))
    new = load_secret(landing)
    assert (new.fingerprint == old.fingerprint, done.known, set(done.unknown)) == (False, len(made()), {stranger})
    assert Landing.open(landing).manifest.secret == new.fingerprint
    found = everything(landing)
    assert not [key for key in (*made().values(), stranger) if key in found]
    for export, rows in before.items():
        assert shape(read_rows(landing, export)[: len(rows)]) == shape(rows), export
    assert read_rows(landing, "wecom__customers")[0]["external_userid"] == new.key("wm", ANNA.wm)
    assert read_rows(landing, "wechat_pay__trade_bills")[0]["用户标识"] == f"`{new.key('op', ANNA.op)}"
    assert new.key("ph", FAMILY_PHONE) in read_rows(landing, "wecom__customers")[0]["remark_mobiles"]
    with open_vault(new, landing) as vault:
        assert vault.find([new.key("ph", ANNA.phone)]).popitem()[1].raw == ANNA.phone
    assert sorted(path.name for path in load_secret().path.parent.iterdir()) == ["secret"]


def test_who_was_erased_stays_out_after_the_secret_has_changed_twice(landing: Path) -> None:
    erase(landing, made()[ANNA.wm], load_secret())
    for _ in range(2):
        rekey.rekey(landing, load_secret(), rekey.new_secret(load_secret()))
    secret = load_secret()
    with open_vault(secret, landing) as vault:
        again = Pseudonymiser(secret, vault)
        assert (again.key("wm", ANNA.wm), again.phone(ANNA.phone), again.erased) == (None, None, 2)
        assert again.key("wm", BERT.wm)


@pytest.mark.parametrize(
    "point", ["write", "move", "moved", "manifest", "remove", "rekeyed", "secret moved", "all moved"]
)
def test_killed_anywhere_secret_map_and_directory_fit_together(
    point: str, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, moves = load_secret(), iter(("secret moved", "all moved"))
    before = everything(landing)

    def die(reached: str) -> None:
        if reached == point:
            raise Dies

    with monkeypatch.context() as patched:
        patched.setattr("kpi.ingest.landing.reached", die)
        patched.setattr(rekey, "reached", lambda where: die(next(moves) if where == "moved" else where))
        with pytest.raises(Dies):
            rekey.rekey(landing, old, rekey.new_secret(old))
    secret = load_secret(landing)
    is_new = point in ("remove", "rekeyed", "secret moved", "all moved")
    assert (secret.fingerprint != old.fingerprint) == is_new
    with Landing.locked(landing, secret=secret.fingerprint) as opened, open_vault(secret, landing) as vault:
        assert opened.manifest.secret == secret.fingerprint == vault.fingerprint
        key = read_rows(landing, "wecom__customers")[0]["external_userid"]
        assert vault.find([key])[key].raw == ANNA.wm
        assert Pseudonymiser(secret, vault).key("wm", ANNA.wm) == key
    if not is_new:
        assert everything(landing) == before
    rekey.rekey(landing, secret, rekey.new_secret(secret))
    assert load_secret(landing).fingerprint not in (secret.fingerprint, old.fingerprint)


def test_a_secret_of_the_environment_needs_its_successor_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path / "identities.sqlite"))
    monkeypatch.setenv(keys.SECRET_TEXT, "first secret of the environment")
    land_sample(tmp_path / "landed", load_secret())
    with pytest.raises(PrivacyError, match=rekey.NEW_TEXT):
        rekey.new_secret(load_secret())
    monkeypatch.setenv(rekey.NEW_TEXT, "second secret of the environment")
    rekey.rekey(tmp_path / "landed", load_secret(), rekey.new_secret(load_secret()))
    monkeypatch.setenv(keys.SECRET_TEXT, "second secret of the environment")
    with open_vault(load_secret(), tmp_path / "landed") as vault:
        assert len(vault) == 14


EXPIRING = [
    # export, exported at, rows; as of 2026-05-20
    ("wecom__messages", "2025-05-21 02:00:00", [
        {"msgid": "m1", "from": "wm_" + "1" * 32, "msgtime": "1747670399000"},  # 2025-05-19 23:59:59
        {"msgid": "m2", "from": "wm_" + "2" * 32, "msgtime": "1747670400000"},  # 2025-05-20 00:00:00, 365 days
        {"msgid": "m3", "from": "wm_" + "3" * 32, "msgtime": "no time"},  # from the day of the export
    ]),
    ("youzan__orders", "2021-06-01 02:00:00", [
        {"订单号": "E1", "订单创建时间": "2021-05-01 10:00:00", "订单状态": "待付款"},
        {"订单号": "E2", "订单创建时间": "2021-05-01 10:00:00"},
        {"订单号": "E3", "订单创建时间": "2021-05-22 10:00:00"},
    ]),
    # the shop has corrected the day of E2, so no version of it has expired; E1 expires with both versions
    ("youzan__orders", "2021-07-01 02:00:00", [
        {"订单号": "E1", "订单创建时间": "2021-05-01 10:00:00", "订单状态": "已完成"},
        {"订单号": "E2", "订单创建时间": "2021-06-01 10:00:00"},
    ]),
    ("wecom__customers", "2023-05-20 02:00:00", [{"external_userid": "wm_" + "4" * 32, "createtime": "1600000000"}]),
    ("wecom__customers", "2023-05-21 02:00:00", [{"external_userid": "wm_" + "4" * 32, "createtime": "1600000000"}]),
    ("manual__member_roles", "2019-01-01 02:00:00", [{"member_key": "wm_" + "5" * 32}]),
]  # fmt: skip


def test_expiry(landing: Path) -> None:
    secret = load_secret()
    for export, exported_at, rows in EXPIRING:
        land_rows(landing, export, rows, exported_at=exported_at)
    with open_vault(secret, landing) as vault:
        for number in "123":
            vault.add(f"wm_{number * 32}", "wm", f"raw{number}")
        vault.commit()
    before = everything(landing)
    would = expire(landing, secret, date(2026, 5, 20), dry_run=True)
    assert everything(landing) == before
    done = expire(landing, secret, date(2026, 5, 20))
    assert would == done
    assert (done.rows, done.identities) == (
        {"wecom__messages": 1, "youzan__orders": 2, "wecom__customers": 1},
        3,
    )  # two of Carl's
    assert done.first_kept["wecom__messages"] == date(2025, 5, 20)
    assert {row["msgid"] for row in read_rows(landing, "wecom__messages") if len(row["msgid"]) == 2} == {"m2", "m3"}
    orders = [row["订单号"] for row in read_rows(landing, "youzan__orders")]
    assert sorted(order for order in orders if len(order) == 2) == ["E2", "E2", "E3"]
    old = [row["_exported_at"] for row in read_rows(landing, "wecom__customers") if row["createtime"] == "1600000000"]
    assert old == ["2023-05-21 02:00:00"]
    assert len(read_rows(landing, "manual__member_roles")) == 2  # kept by its contract
    assert expire(landing, secret, date(2026, 5, 20)).rows == {}


def test_expiry_takes_identities_that_nobody_uses(landing: Path) -> None:
    secret = load_secret()
    done = expire(landing, secret, date(2032, 1, 1))
    assert "wecom__messages" in done.rows
    assert [part.export for part in Landing.open(landing).parts()] == ["manual__member_roles"]
    with open_vault(secret, landing) as vault:
        assert [entry.raw for entry in vault.entries()] == [ANNA.wm]


def test_commands(landing: Path, tmp_path: Path) -> None:
    key, where = made()[ANNA.wm], ["--landing", str(landing)]
    refused = RUN.invoke(app, ["erase", key, *where], input="n\n")
    assert (refused.exit_code, made()[ANNA.wm] in everything(landing)) == (1, True)
    done = RUN.invoke(app, ["erase", key, *where, "--yes"])
    assert (done.exit_code, "wecom__messages" in done.stdout) == (0, True)
    assert "dbt build" in done.stderr
    assert made()[FAMILY_PHONE] in done.stderr.replace("\n", "")
    assert RUN.invoke(app, ["erase", key, *where, "--yes"]).exit_code == 2
    done = RUN.invoke(app, ["rekey", *where, "--json"])
    nobodys = {read_rows(landing, "wecom__customers")[0][name] for name in ("external_userid", "unionid")}
    assert nobodys <= set(json.loads(done.stdout)["unknown"].values())
    done = RUN.invoke(app, ["expire", *where, "--today", "2032-01-01", "--dry-run", "--json"])
    assert json.loads(done.stdout)["rows"]["wecom__messages"] == 5
    done = RUN.invoke(app, ["expire", *where, "--today", "2032-01-01"])
    assert (done.exit_code, "wecom__messages" in done.stdout) == (0, True)
    assert ANNA.wm not in done.output


def test_the_keys_in_a_warehouse_are_replaced_too(landing: Path, tmp_path: Path) -> None:
    file = tmp_path / "community_metrics.duckdb"
    opened = Landing.open(landing)
    with duckdb.connect(str(file)) as db:
        db.execute("create schema marts")
        for export in opened.manifest.exports():
            db.execute(f"create table marts.{export} as select * from {opened.reader(export)}")
        db.execute(f"create table marts.lists as select ['{made()[ANNA.wm]}', '{made()[BERT.wm]}', null] as keys")
        db.execute("create view marts.members as select userid from marts.wecom__group_members")
        db.execute("create table marts.amounts as select 1.50::decimal(18, 2) as sales, date '2026-05-01' as day")
    done = RUN.invoke(app, ["erase", made()[ANNA.wm], "--landing", str(landing), "--yes", "--warehouse", str(file)])
    assert done.exit_code == 0, done.output
    theirs = [made()[raw] for raw in (ANNA.wm, ANNA.un, ANNA.op, ANNA.phone)]
    numbers = ["E202605010261298855002411", "3776192645121711", "4200377619264511", "10000000001_external"]
    content = file.read_bytes()
    with duckdb.connect(str(file), read_only=True) as db:
        tables = db.execute("select table_name from duckdb_tables() where not internal").fetchall()
        cells = "".join(repr(db.execute(f"select * from marts.{table}").fetchall()) for (table,) in tables)
        assert db.execute("select sales, typeof(sales) from marts.amounts").fetchall() == [
            (Decimal("1.50"), "DECIMAL(18,2)")
        ]
        landed = read_rows(landing, "wecom__group_members")
        assert db.execute("select userid from marts.members").fetchall() == [(row["userid"],) for row in landed]
        keys_of_list = db.execute("select keys from marts.lists").fetchone()[0]
    assert keys_of_list == [landed[0]["userid"], made()[BERT.wm], None]
    for gone in (*theirs, *numbers):
        assert gone not in cells
        assert gone.encode() not in content
    assert made()[BERT.wm] in cells
    left = [path.name for path in tmp_path.glob("*community_metrics*") if path.suffix != ".lock"]
    assert left == [file.name]


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_a_linked_warehouse_keeps_its_mode_and_no_old_copy_is_left(landing: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    file, link = tmp_path / "real" / "community_metrics.duckdb", tmp_path / "link.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute(f"create table members as select '{made()[ANNA.wm]}' as person_id")
    file.chmod(0o600)
    link.symlink_to(file)
    (tmp_path / "real" / f".{file.name}.work").write_bytes(file.read_bytes())  # of a run that was killed
    done = RUN.invoke(app, ["erase", made()[ANNA.wm], "--landing", str(landing), "--yes", "--warehouse", str(link)])
    assert done.exit_code == 0, done.output
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for path in (tmp_path / "real").iterdir():
        assert made()[ANNA.wm].encode() not in path.read_bytes()


def test_a_warehouse_in_use_is_left_as_it_is(landing: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.duckdb").write_bytes(b"no database" * 1000)
    done = RUN.invoke(
        app,
        ["erase", made()[ANNA.wm], "--landing", str(landing), "--yes", "--warehouse", str(tmp_path / "broken.duckdb")],
    )
    assert (done.exit_code, "dbt build" in done.stderr) == (2, True)
    assert (tmp_path / "broken.duckdb").read_bytes() == b"no database" * 1000
