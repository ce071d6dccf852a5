"""A landing directory with people whose raw ids are known, for the tests of privacy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa

from kpi.contracts import load_contracts
from kpi.ingest.landing import Landing
from kpi.ingest.manifest import LandedFile
from kpi.ingest.parts import PartWriter
from kpi.privacy.keys import Pseudonymiser, Secret
from kpi.privacy.text import TextReader
from kpi.privacy.vault import Vault, open_vault

Row = Mapping[str, str]


@dataclass(frozen=True)
class Someone:
    """A customer, with everything that must not be found anywhere."""

    name: str
    wm: str
    un: str
    op: str
    phone: str
    address: str
    text: str

    @property
    def values(self) -> list[str]:
        """What must not be found."""
        return [self.name, self.wm, self.un, self.op, self.phone, self.address, self.text]


ANNA = Someone(
    "王小美", "wmAnna000001", "oUnAnna", "oOpAnna", "13800138001", "人民路一号三单元", "面膜好用，我是王小美"
)
BERT = Someone("李大壮", "wmBert000002", "oUnBert", "oOpBert", "13800138002", "解放路九号", "什么时候发货")
CARL = Someone("赵天真", "wmCarl000003", "oUnCarl", "oOpCarl", "13800138003", "中山路五号", "收到")
FAMILY_PHONE = "13900139000"
STAFF = "LiuLaoban"


@cache
def _reader() -> TextReader:
    return TextReader(str)


def land_rows(
    directory: Path,
    export: str,
    rows: Sequence[Row],
    *,
    exported_at: str = "2026-05-20 02:00:00",
    file: str | None = None,
    secret: str | None = None,
) -> None:
    """Land rows of an export as one source file; columns that a row lacks are blank."""
    contract = load_contracts()[export]
    source = file or f"{export}_{exported_at[:10]}.csv"
    sha256 = hashlib.sha256(repr((source, exported_at, rows)).encode()).hexdigest()
    names = (*contract.column_names, "_source_file", "_source_row", "_exported_at")
    cells = [
        {**row, "_source_file": source, "_source_row": str(number), "_exported_at": exported_at}
        for number, row in enumerate(rows, 2)
    ]
    with Landing.locked(directory, secret=secret) as landing, landing.rewrite() as change:
        writer = PartWriter(change.work, export, contract.column_names, contract.day_column, sha256)
        batch = {name: pa.array([row.get(name, "") for row in cells], pa.string()) for name in names}
        writer.write(pa.record_batch(batch))
        parts = tuple(writer.close(exported_at))
        change.add(LandedFile(source, sha256, 1, 1, exported_at, (export,), {"landed": len(rows)}, parts))


def read_rows(directory: Path, export: str) -> list[dict[str, str]]:
    """Landed rows of an export, in their order."""
    landing = Landing.open(directory)
    return [row for part in landing.parts(export) for row in landing.table(part).to_pylist()]


def land_sample(directory: Path, secret: Secret) -> dict[str, str]:
    """Three customers, a member of the staff, their groups, messages and orders; by raw id, the keys that were made."""
    with open_vault(secret, directory) as vault:
        keys = Pseudonymiser(secret, vault)
        made = _land(directory, secret, keys, vault)
        vault.commit()
    return made


def _land(directory: Path, secret: Secret, keys: Pseudonymiser, vault: Vault) -> dict[str, str]:
    people = (ANNA, BERT, CARL)
    wm, un, op, ph = (
        {p.name: keys.key(space, raw(p)) or "" for p in people}
        for space, raw in (
            ("wm", lambda p: p.wm),
            ("un", lambda p: p.un),
            ("op", lambda p: p.op),
            ("ph", lambda p: p.phone),
        )
    )
    family, staff = keys.phone(FAMILY_PHONE) or "", keys.key("auto", STAFF) or ""
    a, b, c = (p.name for p in people)
    texts = _reader()
    texts._content = keys.content
    texts.features.cache_clear()
    at = {"secret": secret.fingerprint}

    def message(number: int, person: Someone, text: str) -> Row:
        found = texts.features(text)
        return {
            "msgid": f"{10_000_000_000 + number}_external", "seq": str(100_000 + number), "action": "send",
            "from": wm[person.name], "roomid": "wrRoom1", "msgtime": str(1_778_000_000_000 + number * 1000),
            "msgtype": "text", "text_length": str(found.length), "content_hash": found.content_hash,
            "terms": found.terms, "is_solitaire": "0", "is_stop_phrase": "0", "polarity": str(found.polarity),
        }  # fmt: skip

    land_rows(
        directory,
        "wecom__customers",
        [
            {"external_userid": wm[a], "unionid": un[a], "follow_userid": staff, "createtime": "1770000000",
             "remark_mobiles": json.dumps([ph[a], family])},
            {"external_userid": wm[b], "unionid": un[b], "follow_userid": staff, "createtime": "1770000001",
             "remark_mobiles": json.dumps([ph[b], family])},
            {"external_userid": wm[c], "unionid": "", "follow_userid": staff, "createtime": "1770000002",
             "remark_mobiles": "[]"},
        ],
        **at,
    )  # fmt: skip
    members = [{"chat_id": "wrRoom1", "userid": wm[p.name], "unionid": un[p.name], "type": "2"} for p in people]
    land_rows(directory, "wecom__group_members", members, **at)
    event = {"ChatId": "wrRoom1", "MemChangeList": f"{wm[a]},{wm[b]}", "CreateTime": "1777000000", "MemChangeCnt": "2"}
    land_rows(directory, "wecom__group_events", [event], **at)
    messages = [message(1, ANNA, ANNA.text), message(2, BERT, BERT.text), message(3, ANNA, ANNA.text),
                message(4, CARL, ANNA.text)]  # fmt: skip
    recall = {"msgid": "10000000009_external", "seq": "100009", "action": "recall", "from": wm[a],
              "roomid": "wrRoom1", "msgtime": "1778000009000", "pre_msgid": "10000000003_external"}  # fmt: skip
    land_rows(directory, "wecom__messages", [*messages, recall], **at)
    orders = [
        {"订单号": f"E2026050102612988550024{n}", "买家手机号": ph[name], "订单创建时间": "2026-05-01 10:00:00"}
        for n, name in ((11, a), (22, b))
    ]
    land_rows(directory, "youzan__orders", orders, **at)
    lines = [{"订单号": row["订单号"], "商品名称": "面膜"} for row in orders]
    land_rows(directory, "youzan__order_lines", [*lines, lines[0]], **at)
    store = [
        {"order_id": f"37761926451217{n}", "openid": op[name], "unionid": un[name], "create_time": "1777000000"}
        for n, name in ((11, a), (22, b))
    ]
    land_rows(directory, "wechat_store__orders", store, **at)
    bills = [
        {"交易时间": "`2026-05-01 10:00:00", "微信订单号": f"`42003776192645{n}", "商户订单号": f"`37761926451217{n}",
         "用户标识": f"`{op[name]}", "微信退款单号": "`"}
        for n, name in ((11, a), (22, b))
    ]  # fmt: skip
    land_rows(directory, "wechat_pay__trade_bills", bills, **at)
    described = [{"external_userid": wm[p.name], "age_band": "25-34", "gender": "2"} for p in (ANNA, BERT)]
    land_rows(directory, "scrm__customer_demographics", described, **at)
    land_rows(directory, "manual__member_roles", [{"member_key": wm[a], "role": "kol"}], **at)
    invites = [{"inviter": wm[a], "invitee": wm[x], "invite_code": "IV00001"} for x in (b, c)]
    land_rows(directory, "referral__records", invites, **at)
    made = {FAMILY_PHONE: family, STAFF: staff}
    for p in people:
        made |= {p.wm: wm[p.name], p.un: un[p.name], p.op: op[p.name], p.phone: ph[p.name]}
    return made
