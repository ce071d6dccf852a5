"""Landing directories made of the exports of the demo, part by part, as `kpi ingest` would leave them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from kpi.ingest.landing import Landing
from kpi.ingest.manifest import LandedFile
from kpi.ingest.parts import LINEAGE, PartWriter

SEEDS = Path(__file__).parents[2] / "seeds" / "exports"
MESSAGES = "wecom__messages"
MEMBERS = "wecom__group_members"
# copies chosen by time of export, of what happened, and by key; the macros are the same for all exports
OTHERS = ("youzan__orders", "wecom__group_events", "wechat_pay__trade_bills")
NEWEST = "(select max(_exported_at) from seed)"
BEFORE = f"(select max(_exported_at) from seed where _exported_at < {NEWEST})"
DAY = "cast(epoch_ms(try_cast(msgtime as bigint) + 28800000) as date)"  # of Asia/Shanghai


def land(landing: Path, query: str, exported_at: str, export: str = MESSAGES) -> None:
    """Land the rows of a query over ``seed``, the export of the demo, as one part."""
    seed = SEEDS / f"{export}.csv"
    rows = duckdb.sql(f"with seed as (from read_csv('{seed}', all_varchar = true)) {query}").arrow()
    rows = pa.table(rows.read_all() if hasattr(rows, "read_all") else rows)
    with Landing.locked(landing) as locked, locked.rewrite() as change:
        number = len(locked.manifest.files) + 1
        sha256 = str(number).rjust(64, "0")[::-1]
        columns = [name for name in rows.column_names if name not in LINEAGE]
        writer = PartWriter(change.work, export, columns, None, sha256)
        for batch in rows.to_batches():
            writer.write(batch)
        change.add(LandedFile(f"file_{number}", sha256, 1, 1, exported_at, parts=tuple(writer.close(exported_at))))


def call_back(at: str, community: str, key: str, detail: str) -> str:
    """Query of a callback that somebody joined (add_member) or left (del_member), over the seed of callbacks."""
    what = f"'{detail}' as UpdateDetail, '{community}' as ChatId, '{key}' as MemChangeList"
    second = f"cast(cast(epoch(timestamp '{at}') - 28800 as bigint) as varchar)"
    reason = f"case '{detail}' when 'del_member' then '0' end as QuitScene"
    row = f"{second} as CreateTime, {second} as _source_row, {reason}"
    return f"(select * replace ({what}, {row}) from seed where MemChangeCnt = '1' and ChangeType = 'update' limit 1)"
