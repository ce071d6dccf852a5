"""Cuts a folder of Parquet exports into what was there a day earlier, and the last day as new files.

usage: python bench/last_day.py EXPORTS LANDING DAY

Generated exports end with one export day that holds weeks of some platforms and a day of others. So that "a day" is a
day of everything, rows of that export are cut by when their event happened. What happened before its last day goes to
LANDING/<export>/base.parquet as if exported a day earlier, the rest to DAY/<export>/day.parquet as it is. Lists that
are exported whole (members, contacts, what is kept by hand) have no events: they stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

# condition on a row of the last export: it belongs to the last day, {day} as text, {s} seconds, {ms} milliseconds
ON_LAST_DAY = {
    "kuaituantuan__order_lines": "order_sn in (select order_sn from {orders} where {of_orders})",
    "kuaituantuan__orders": "try_cast(updated_at as bigint) >= {ms}",
    "oceanengine__daily": "\"时间-天\" >= '{day}'",
    "referral__records": "replace(invited_at, '/', '-') >= '{day}'",
    "scrm__content_daily": "stat_date >= '{day}'",
    "scrm__link_clicks": "try_cast(click_time as bigint) >= {ms}",
    "tencent_ads__daily": "date >= '{day}'",
    "wechat_pay__trade_bills": "ltrim(交易时间, '`') >= '{day}'",
    "wechat_store__order_lines": "order_id in (select order_id from {orders} where {of_orders})",
    "wechat_store__orders": "try_cast(update_time as bigint) >= {s}",
    "wecom__acquisition_links": "try_cast(stat_time as bigint) >= {s}",
    "wecom__consents": "try_cast(status_change_time as bigint) >= {s}",
    "wecom__group_events": "try_cast(CreateTime as bigint) >= {s}",
    "youzan__coupon_uses": "greatest(领取时间, 使用时间) >= '{day}'",
    "youzan__order_lines": "订单号 in (select 订单号 from {orders} where {of_orders})",
    "youzan__orders": "greatest(订单创建时间, 买家付款时间) >= '{day}'",
}


def condition(name: str, source: Path, day: str) -> str | None:
    """Whether a row of the last export belongs to the last day, as SQL; none where the export is a list."""
    if name not in ON_LAST_DAY:
        return None
    epoch = duckdb.sql(f"select epoch(timestamp '{day}' - interval 8 hours)").fetchall()[0][0]
    orders = name.replace("__order_lines", "__orders")
    figures = {"day": day, "s": int(epoch), "ms": int(epoch * 1000)}
    of_orders = ON_LAST_DAY[orders].format(**figures) if orders != name else ""
    return ON_LAST_DAY[name].format(**figures, orders=f"'{source / orders}.parquet'", of_orders=of_orders)


def cut(source: Path, landing: Path, day_folder: Path) -> str:
    """Write both folders; returns the last day.

    Raises:
        FileNotFoundError: without exports.
    """
    files = sorted(source.glob("*.parquet"))
    if not files:
        raise FileNotFoundError(f"no *.parquet in {source}")
    db = duckdb.connect(config={"threads": 2, "memory_limit": "1500MB", "temp_directory": f"{landing}.tmp"})
    exported = max(
        db.execute(f"select max(_exported_at) from '{file}'").fetchall()[0][0] or "" for file in files
    )[:10]  # fmt: skip
    day = str(db.execute(f"select date '{exported}' - 1").fetchall()[0][0])[:10]
    for file in files:
        name, rows = file.stem, f"from '{file}'"
        # exported every day: each export is a day as it is
        is_daily = db.execute(f"select count(*) > 0 {rows} where _exported_at[:10] = '{day}'").fetchall()[0][0]
        is_last = f"_exported_at >= '{exported}'"
        of_day = is_last if is_daily else condition(name, source, day)
        held_back = f"coalesce({is_last} and {of_day}, false)" if of_day else "false"
        earlier = f"case when {is_last} then '{day}' || _exported_at[11:] else _exported_at end"
        (landing / name).mkdir(parents=True, exist_ok=True)
        to_base = f"select * replace ({earlier} as _exported_at) {rows} where not {held_back}"
        db.execute(f"copy ({to_base}) to '{landing / name}/base.parquet' (compression zstd)")
        if of_day and db.execute(f"select count(*) {rows} where {held_back}").fetchall()[0][0]:
            (day_folder / name).mkdir(parents=True, exist_ok=True)
            db.execute(f"copy ({rows} where {held_back}) to '{day_folder / name}/day.parquet' (compression zstd)")
    return day


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print("last day:", cut(*(Path(argument).resolve() for argument in sys.argv[1:])))
